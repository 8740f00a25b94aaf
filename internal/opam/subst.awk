# Replaces opam variables in a text: %{ref}% by a value, %% by %.
#
# Run it as: LC_ALL=C awk -v table=TABLE -f subst.awk FILE.in >FILE
# TABLE has lines VARIABLE<TAB>VALUE, where VARIABLE is name or package:name.
# Undefined variables give nothing, as in opam; installed and pinned are false
# for packages the table doesn't have.

BEGIN {
	while ((got = (getline row < table)) > 0) {
		i = index(row, "\t")
		vars[substr(row, 1, i - 1)] = substr(row, i + 1)
	}
	if (got < 0) {
		printf "subst.awk: can't read the table %s\n", table | "cat 1>&2"
		close("cat 1>&2")
		bad = 1
		exit 2
	}
	close(table)
}

{
	print expand($0)
}

END {
	if (bad)
		exit 2
}

function expand(s, out, i, end) {
	out = ""
	while ((i = index(s, "%")) > 0) {
		out = out substr(s, 1, i - 1)
		s = substr(s, i)
		if (substr(s, 2, 1) == "%") {
			out = out "%"
			s = substr(s, 3)
		} else if (substr(s, 2, 1) == "{") {
			end = refEnd(s)
			if (closed) {
				if (end > 3)
					out = out value(substr(s, 3, end - 3))
				else
					out = out "%{}%"
				s = substr(s, end + 2)
			} else {
				out = out substr(s, 1, end - 1)
				s = substr(s, end)
			}
		} else {
			out = out "%"
			s = substr(s, 2)
		}
	}
	return out s
}

# refEnd finds the }% that closes the reference s begins with, and sets closed;
# or where the text that could have been one ends. A } hides the character
# after it.
function refEnd(s, i, n) {
	closed = 0
	i = 3
	for (;;) {
		n = index(substr(s, i), "}")
		if (n == 0)
			return length(s) + 1
		i += n - 1
		if (substr(s, i + 1, 1) == "%") {
			closed = 1
			return i
		}
		i += 2
		if (i > length(s))
			return length(s) + 1
	}
}

# cutLast splits s at its last c into before and behind.
function cutLast(s, c, i) {
	for (i = length(s); i > 0; i--)
		if (substr(s, i, 1) == c) {
			before = substr(s, 1, i - 1)
			behind = substr(s, i + 1)
			return 1
		}
	return 0
}

# value gives what a reference stands for.
function value(ref, last, pkgs, yes, v) {
	if (!cutLast(ref, ":"))
		return lookup("", ref)
	last = behind
	pkgs = before
	if (!cutLast(pkgs, "?"))
		return ask(pkgs, last)
	yes = behind
	if (before == "") {
		if (cutLast(yes, ":") && before != "")
			return behind == "enable" ? onOff(lookup(before, "installed")) : lookup(before, behind)
		return lookup("", last)
	}
	pkgs = before
	if (cutLast(pkgs, ":"))
		v = all(before, behind)
	else
		v = lookup("", pkgs)
	return v == "true" ? yes : last
}

# ask is a reference without a choice; enable stands for one.
function ask(pkgs, name) {
	if (name == "enable" && pkgs ~ /[^+]/)
		return onOff(all(pkgs, "installed"))
	return all(pkgs, name)
}

function onOff(v) {
	return v == "true" ? "enable" : "disable"
}

# all gives the variable of a package; of several packages it is true when it
# is for all, false when for one it is, else nothing.
function all(pkgs, name, list, n, i, k, v, res) {
	n = split(pkgs, list, "+")
	k = 0
	for (i = 1; i <= n; i++)
		if (list[i] != "")
			list[++k] = list[i]
	if (k == 0)
		return lookup("", name)
	if (k == 1)
		return lookup(list[1], name)
	res = "true"
	for (i = 1; i <= k; i++) {
		v = lookup(list[i], name)
		if (res == "false" || v == "true")
			continue
		res = v == "false" ? "false" : ""
	}
	return res
}

function lookup(pkg, name, v) {
	if (pkg == "" && (name in vars))
		return vars[name]
	v = pkg ":" name
	if (v in vars)
		return vars[v]
	if (pkg != "" && pkg != "_" && (name == "installed" || name == "pinned"))
		return "false"
	if (pkg != "" && pkg != "_" && name == "name")
		return pkg
	return ""
}
