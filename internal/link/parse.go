package link

import (
	"slices"
	"strings"
)

// Line is a compiler's command line, read.
type Line struct {
	Args   []string // all arguments after the program's name, response files expanded
	Final  bool     // it links an executable, and nothing else
	Shared bool     // it links a shared library, and nothing else
	Output string   // the file it makes; "a.out" unless it says otherwise
	tokens []token
}

// Parse reads the arguments of gcc, g++, cc or clang without the program's name.
// It reads response files by open, with GCC's rules of quoting, and its only
// errors are theirs: what makes no sense to it the compiler shall complain of.
func Parse(args []string, open func(name string) ([]byte, error)) (*Line, error) {
	words, err := expand(args, open)
	if err != nil {
		return nil, err
	}
	l := &Line{Args: words, Output: "a.out"}
	p := parser{line: l}
	for i := 0; i < len(words); {
		i += p.word(words, i)
	}
	for _, t := range l.tokens {
		if t.kind == output {
			l.Output = t.text
		}
	}
	if !p.incomplete && p.option == "" {
		l.Final, l.Shared = l.links()
	}
	return l, nil
}

type parser struct {
	line       *Line
	option     string // the linker's option whose argument comes next
	incomplete bool   // an option lacks its argument
}

// word reads the argument at i and returns how many it took.
func (p *parser) word(words []string, i int) int {
	w := words[i]
	if separate[w] {
		if i+1 == len(words) {
			p.incomplete = true
			p.add(token{kind: flag, text: w, args: words[i:]})
			return 1
		}
		p.pair(w, words[i+1], words[i:i+2])
		return 2
	}
	one := words[i : i+1]
	switch {
	case w == "-" || !strings.HasPrefix(w, "-"):
		p.add(token{kind: input, text: w, args: one})
	case strings.HasPrefix(w, "-Wl,"):
		for part := range strings.SplitSeq(w[len("-Wl,"):], ",") {
			p.linker(part, i)
		}
	case strings.HasPrefix(w, "-l"):
		p.add(token{kind: lib, text: w[2:], args: one})
	case strings.HasPrefix(w, "-L"):
		p.add(token{kind: libDir, text: w[2:], args: one})
	case strings.HasPrefix(w, "-o"):
		p.add(token{kind: output, text: w[2:], args: one})
	case strings.HasPrefix(w, "--output="):
		p.add(token{kind: output, text: w[len("--output="):], args: one})
	default:
		p.add(token{kind: flag, text: w, args: one})
	}
	return 1
}

// pair reads an option with its argument in a word of its own.
func (p *parser) pair(option, value string, words []string) {
	switch option {
	case "-o", "--output":
		p.add(token{kind: output, text: value, args: words})
	case "-l":
		p.add(token{kind: lib, text: value, args: words})
	case "-L":
		p.add(token{kind: libDir, text: value, args: words})
	case "-Xlinker":
		p.linker(value, -1-len(p.line.tokens))
	case "-z", "-T", "-u", "-e", "-h", "-R":
		p.add(token{kind: flag, text: option + value, args: words})
	default:
		p.add(token{kind: flag, text: option, args: words})
	}
}

// linker reads one word meant for the linker. Libraries and files among them
// are what they would be outside. An option's argument follows the option, as it
// does for the linker: what lies between are flags of the driver's.
func (p *parser) linker(w string, arg int) {
	option := p.option
	p.option = ""
	value := token{kind: linker, text: w, arg: arg, value: true}
	switch {
	case option != "" && p.incomplete:
		p.add(value)
	case option == "-l" || option == "--library":
		p.replace(token{kind: lib, text: w})
	case option == "-L" || option == "--library-path":
		p.replace(token{kind: libDir, text: w})
	case option != "":
		p.line.tokens = slices.Insert(p.line.tokens, 1+p.lastLinker(), value)
	case linkerSeparate[w]:
		p.option = w
		p.add(token{kind: linker, text: w, arg: arg})
	default:
		p.add(linkerWord(w, arg))
	}
}

func linkerWord(w string, arg int) token {
	for _, s := range []struct {
		prefix string
		kind   kind
	}{{"--library-path=", libDir}, {"--library=", lib}, {"-L", libDir}, {"-l", lib}} {
		if text, ok := strings.CutPrefix(w, s.prefix); ok {
			return token{kind: s.kind, text: text}
		}
	}
	if !strings.HasPrefix(w, "-") && (isArchive(w) || isShared(w) || strings.HasSuffix(w, ".o")) {
		return token{kind: input, text: w}
	}
	return token{kind: linker, text: w, arg: arg}
}

// replace puts t in the place of the linker's option that has just been read.
func (p *parser) replace(t token) {
	p.line.tokens[p.lastLinker()] = t
}

func (p *parser) lastLinker() int {
	return lastIndex(p.line.tokens, func(t token) bool { return t.kind == linker })
}

// add appends a token. A file or library where the linker expects an option's
// argument makes the line incomplete.
func (p *parser) add(t token) {
	if p.option != "" && (t.kind == input || t.kind == lib) {
		p.incomplete = true
	}
	p.line.tokens = append(p.line.tokens, t)
}

// links tells what a line makes: an executable, a shared library, or neither.
func (l *Line) links() (executable, library bool) {
	inputs, shared := false, false
	for _, t := range l.tokens {
		switch t.kind {
		case input:
			inputs = true
		case linker:
			shared = shared || !t.value && makesShared[t.text]
			if !t.value && notLinkInLinker[t.text] {
				return false, false
			}
		case flag:
			shared = shared || makesShared[t.text]
			if notLink[t.text] || hasAnyPrefix(t.text, notLinkPrefixes) {
				return false, false
			}
		}
	}
	return inputs && !shared, inputs && shared
}

func hasAnyPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
