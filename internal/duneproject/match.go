package duneproject

// match pairs as many of n things with m others as can be, where fit says which
// may go together. It gives the thing of each of the m, -1 where it has none.
//
// A package may stand several times in a field, and of the forms that dune may
// have given to each some may be the same: taking the first that fits could
// leave others over.
func match(n, m int, fit func(i, j int) bool) []int {
	pairs := make([]int, m)
	for j := range pairs {
		pairs[j] = -1
	}
	for i := range n {
		place(i, pairs, make([]bool, m), fit)
	}
	return pairs
}

// place finds a partner for i, moving others to partners that fit them too.
// seen are those that were tried.
func place(i int, pairs []int, seen []bool, fit func(i, j int) bool) bool {
	for j := range pairs {
		if seen[j] || !fit(i, j) {
			continue
		}
		seen[j] = true
		if pairs[j] < 0 || place(pairs[j], pairs, seen, fit) {
			pairs[j] = i
			return true
		}
	}
	return false
}
