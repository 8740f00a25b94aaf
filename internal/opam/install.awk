# Reads an opam .install file and prints what to install:
#
#     MODE<TAB>OPTIONAL<TAB>SRC<TAB>DST
#
# Run it as: LC_ALL=C awk -v name=NAME -v prefix=/PREFIX -f install.awk NAME.install
# On bad syntax: "file:line: message" on standard error, exit 2, no output.
#
# The file is read line by line into tokens; a string or a comment may go on
# over lines. Tokens are fed to a state machine for
#     FIELD: "src"    FIELD: ["src" "src" {"dst"} …]
# Fields that opam doesn't know are skipped, with little attention to their syntax.

BEGIN {
	place("bin", "bin", 0, "0755")
	place("sbin", "sbin", 0, "0755")
	place("lib", "lib", 1, "0644")
	place("libexec", "lib", 1, "0755")
	place("lib_root", "lib", 0, "0644")
	place("libexec_root", "lib", 0, "0755")
	place("toplevel", "lib/toplevel", 0, "0644")
	place("stublibs", "lib/stublibs", 0, "0755")
	place("man", "man", 0, "0644")
	place("share", "share", 1, "0644")
	place("share_root", "share", 0, "0644")
	place("etc", "etc", 1, "0644")
	place("doc", "doc", 1, "0644")
	place("misc", "", 0, "-")
	state = "item"
	quote = ""
	comment = 0
	count = 0
	tab = "\t"
}

{
	line = FNR
	sub(/\r$/, "")
	scan($0)
}

END {
	if (failed)
		exit 2
	if (quote != "" || comment > 0)
		fail("string or comment without an end")
	token("end", "")
	for (i = 1; i <= count; i++)
		print out[i]
}

function place(field, folder, own, mode) {
	dir[field] = folder
	owned[field] = own
	modes[field] = mode
}

function fail(message) {
	if (failed)
		exit 2
	printf "%s:%d: %s\n", FILENAME, line, message | "cat 1>&2"
	close("cat 1>&2")
	failed = 1
	exit 2
}

# scan cuts one line into tokens.
function scan(s) {
	for (;;) {
		if (quote != "") {
			s = inString(s)
			if (quote != "")
				return
		} else if (comment > 0) {
			s = inComment(s)
			if (comment > 0)
				return
		}
		sub(/^[ \t]+/, "", s)
		if (s == "" || substr(s, 1, 1) == "#")
			return
		s = one(s)
	}
}

# one takes a token off the line and gives the rest.
function one(s, c) {
	if (substr(s, 1, 3) == "\"\"\"")
		return begin("\"\"\"", s)
	c = substr(s, 1, 1)
	if (c == "\"")
		return begin("\"", s)
	if (substr(s, 1, 2) == "(*") {
		comment = 1
		return substr(s, 3)
	}
	if (match(s, /^[A-Za-z0-9_+-]+(:[A-Za-z0-9_-]*[A-Za-z][A-Za-z0-9_-]*)?/)) {
		c = substr(s, 1, RLENGTH)
		s = substr(s, RLENGTH + 1)
		token("word", c)
		return s
	}
	token(c, c)
	return substr(s, 2)
}

function begin(mark, s) {
	quote = mark
	text = ""
	return substr(s, length(mark) + 1)
}

# inString reads up to the string's end and gives the rest of the line.
function inString(s, n) {
	for (;;) {
		if (joined) {
			sub(/^[ \t]+/, "", s)
			joined = 0
		}
		n = match(s, /["\\]/)
		if (n == 0) {
			text = text s "\n"
			return ""
		}
		text = text substr(s, 1, n - 1)
		s = substr(s, n)
		if (substr(s, 1, length(quote)) == quote) {
			s = substr(s, length(quote) + 1)
			quote = ""
			token("string", text)
			return s
		}
		if (substr(s, 1, 1) == "\"") {
			text = text "\""
			s = substr(s, 2)
			continue
		}
		s = escape(substr(s, 2))
		if (joined)
			return ""
	}
}

# escape reads what follows a backslash.
function escape(s, c) {
	if (s == "") {
		joined = 1
		return ""
	}
	c = substr(s, 1, 1)
	if (index("\\\"' ", c) > 0) {
		text = text c
		return substr(s, 2)
	}
	if (index("nrtb", c) > 0) {
		text = text substr("\n\r\t\b", index("nrtb", c), 1)
		return substr(s, 2)
	}
	c = 0
	if (s ~ /^[0-9][0-9][0-9]/)
		c = number(substr(s, 1, 3), 10)
	else if (s ~ /^x[0-9A-Fa-f][0-9A-Fa-f]/)
		c = number(substr(s, 2, 2), 16)
	if (c > 0 && c < 256) {
		text = text sprintf("%c", c)
		return substr(s, 4)
	}
	fail("unknown escape after the backslash")
}

# number reads digits of a base; busybox takes "065" + 0 for octal.
function number(s, radix, i, n) {
	n = 0
	for (i = 1; i <= length(s); i++)
		n = n * radix + index("0123456789abcdef", tolower(substr(s, i, 1))) - 1
	return n
}

# inComment reads up to the comment's end; comments nest.
function inComment(s, n) {
	while (comment > 0) {
		n = match(s, /\(\*|\*\)/)
		if (n == 0)
			return ""
		comment += substr(s, n, 1) == "(" ? 1 : -1
		s = substr(s, n + 2)
	}
	return s
}

# token moves the state machine on.
function token(kind, value) {
	if (state == "item") {
		if (kind == "end")
			return
		if (kind != "word" || value !~ /[A-Za-z]/ || index(value, ":") > 0)
			fail("expected a field")
		field = value
		state = "colon"
	} else if (state == "colon") {
		if (kind != ":")
			fail("expected \":\" after \"" field "\"")
		state = (field in dir) ? "value" : "skip"
		depth = 0
		whole = 0
	} else if (state == "skip")
		skip(kind, value)
	else if (state == "value")
		single(kind, value)
	else if (state == "list")
		listed(kind, value)
	else if (state == "dst") {
		if (kind != "string" || dst != "")
			fail("expected a destination in braces")
		dst = value
		state = "close"
	} else if (state == "close") {
		if (kind != "}")
			fail("expected a single destination in braces")
		state = inList ? "list" : "after"
	} else if (state == "after")
		after(kind, value)
}

function single(kind, value) {
	if (kind == "[") {
		inList = 1
		pending = 0
		state = "list"
	} else if (kind == "string") {
		inList = 0
		file(value)
		state = "after"
	} else
		fail("expected a file name or a list of file names after \"" field ":\"")
}

function listed(kind, value) {
	if (kind == "string") {
		flush()
		file(value)
	} else if (kind == "{" && pending && dst == "")
		state = "dst"
	else if (kind == "]") {
		flush()
		state = "item"
	} else
		fail("expected a file name or \"]\"")
}

# after comes behind a file name without brackets.
function after(kind, value) {
	if (kind == "{" && dst == "") {
		state = "dst"
		return
	}
	flush()
	state = "item"
	token(kind, value)
}

# skip passes over the value of an unknown field. What stands in brackets is
# only counted; outside of them the value is whole after an atom or a closing
# bracket, unless an operator follows.
function skip(kind, value) {
	if (kind == "end") {
		if (depth > 0 || !whole)
			fail("value without an end")
	} else if (kind == "[" || kind == "(" || kind == "{") {
		if (depth == 0 && whole != (kind == "{"))
			fail("unexpected \"" kind "\"")
		depth++
	} else if (kind == "]" || kind == ")" || kind == "}") {
		if (--depth < 0)
			fail("unexpected \"" kind "\"")
		whole = 1
	} else if (depth == 0 && (kind == "word" || kind == "string")) {
		if (whole) {
			state = "item"
			token(kind, value)
		}
		whole = 1
	} else if (depth == 0)
		whole = 0
}

function file(value) {
	src = value
	optional = 0
	if (substr(src, 1, 1) == "?") {
		optional = 1
		src = substr(src, 2)
	}
	if (src == "")
		fail("empty file name")
	dst = ""
	pending = 1
}

# flush writes the entry that the last file name began.
function flush(to) {
	if (!pending)
		return
	pending = 0
	if (src dst ~ /[\t\n]/)
		fail("tab or line feed in a file name")
	if (field == "misc")
		to = misc()
	else
		to = clean(dir[field] (owned[field] ? "/" name : "") "/" target())
	if (to == "" || to ~ /^\.\.(\/|$)/)
		fail("\"" src "\": the destination is outside of the prefix")
	out[++count] = modes[field] tab optional tab src tab to
}

function target(page) {
	if (dst != "")
		return dst
	page = base(src)
	if (field != "man")
		return page
	sub(/\.gz$/, "", page)
	if (!match(page, /\.[^.]*$/) || substr(page, RSTART + 1, 1) !~ /[1-8]/)
		fail("\"" src "\": neither a destination nor the suffix of a manual's section")
	return "man" substr(page, RSTART + 1, 1) "/" base(src)
}

function base(path) {
	sub(/\/+$/, "", path)
	sub(/^.*\//, "", path)
	return path == "" ? "/" : path
}

function misc(to, root) {
	if (substr(dst, 1, 1) != "/")
		fail("\"" src "\": a file of misc needs an absolute destination")
	to = "/" clean(dst)
	root = "/" clean(prefix) "/"
	if (prefix == "" || index(to, root) != 1)
		return ""
	return substr(to, length(root) + 1)
}

# clean drops empty and "." elements and what ".." takes back.
function clean(path, parts, n, i, m, kept, res) {
	n = split(path, parts, "/")
	m = 0
	for (i = 1; i <= n; i++) {
		if (parts[i] == "" || parts[i] == ".")
			continue
		if (parts[i] == ".." && m > 0 && kept[m] != "..")
			m--
		else if (parts[i] != ".." || substr(path, 1, 1) != "/")
			kept[++m] = parts[i]
	}
	res = ""
	for (i = 1; i <= m; i++)
		res = res (i > 1 ? "/" : "") kept[i]
	return res
}
