package link

import "strings"

// driverFlags lists what a mode takes out of a line: flags of the compiler
// driver that contradict it (true), or that it puts there itself (false).
var driverFlags = map[Mode]map[string]bool{
	Static: {
		"-static": false, "-no-pie": false, "-nopie": false,
		"-pie": true, "-static-pie": true, "-shared-libgcc": true,
	},
	StaticPIE: {
		"-static-pie": false, "-static": false, "-pie": false,
		"-no-pie": true, "-nopie": true, "-shared-libgcc": true, "-rdynamic": true,
	},
	MostlyStatic: {
		"-static-libgcc": false, "-static-libstdc++": false,
		"-static": true, "-static-pie": true, "-shared-libgcc": true,
	},
}

// linkerFlags lists the same among the linker's own words.
var linkerFlags = map[Mode]map[string]bool{
	Static: {
		"-pie": true, "--pie": true, "-pic-executable": true, "--pic-executable": true,
		"-no-pie": false, "--no-pie": false, "-static": false,
	},
	// Exported symbols would leave relocations that musl's start code doesn't
	// process, see the package comment.
	StaticPIE: {
		"-no-pie": true, "--no-pie": true, "-pie": false, "--pie": false, "-static": false,
		"-E": true, "--export-dynamic": true, "-export-dynamic": true,
	},
	MostlyStatic: {"-static": true},
}

// switches choose between shared libraries and archives for what follows.
var switches = map[string]bool{
	"-Bstatic": true, "-dn": true, "-non_shared": true,
	"-Bdynamic": true, "-dy": true, "-call_shared": true,
}

// drop removes the flags that a mode can't have, and notes them.
func (r *rewriter) drop(tokens []token) []token {
	var out []token
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch t.kind {
		case flag:
			if r.dropsFlag(t) {
				continue
			}
		case linker:
			if n := r.dropsLinker(tokens[i:]); n > 0 {
				i += n - 1
				continue
			}
		}
		out = append(out, t)
	}
	return out
}

func (r *rewriter) dropsFlag(t token) bool {
	contradicts, listed := driverFlags[r.o.Mode][t.text]
	if r.o.Mode.archives() && strings.HasPrefix(t.text, "-R") {
		contradicts, listed = true, true
	}
	if contradicts {
		r.note("dropped %s: not in a %s link", strings.Join(t.args, " "), r.o.Mode)
	}
	return listed
}

// dropsLinker returns how many words to drop from the front of tokens.
func (r *rewriter) dropsLinker(tokens []token) int {
	if tokens[0].value {
		return 0
	}
	w := tokens[0].text
	if name, _, _ := strings.Cut(strings.TrimLeft(w, "-"), "="); name == "build-id" && w[0] == '-' {
		if w != "--build-id=none" {
			r.note("dropped -Wl,%s: a build ID differs between builds", w)
		}
		return 1
	}
	if !r.o.Mode.archives() {
		return 0
	}
	contradicts, listed := linkerFlags[r.o.Mode][w]
	switch {
	case contradicts:
		r.note("dropped -Wl,%s: not in a %s link", w, r.o.Mode)
		return 1
	case listed, switches[w]:
		return 1
	case r.o.Mode == StaticPIE && isExport(w):
		return r.dropsWithValue(tokens, "exported symbols crash it")
	}
	return r.dropsRunpath(tokens)
}

// isExport tells the options that name symbols to export.
func isExport(w string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(w, "-"), "=")
	return strings.HasPrefix(w, "-") && (name == "dynamic-list" || name == "export-dynamic-symbol" || name == "export-dynamic-symbol-list")
}

// dropsWithValue drops an option with its argument, be that joined or apart.
func (r *rewriter) dropsWithValue(tokens []token, why string) int {
	words := []string{tokens[0].text}
	if !strings.Contains(words[0], "=") && len(tokens) > 1 && tokens[1].value {
		words = append(words, tokens[1].text)
	}
	r.note("dropped -Wl,%s: %s in a %s link", strings.Join(words, ","), why, r.o.Mode)
	return len(words)
}

// dropsRunpath drops -rpath and -R with their argument: a folder of the build
// has nothing to say where the executable runs.
func (r *rewriter) dropsRunpath(tokens []token) int {
	w := tokens[0].text
	separate := w == "-rpath" || w == "--rpath" || w == "-R"
	joined := strings.HasPrefix(w, "-rpath=") || strings.HasPrefix(w, "--rpath=") ||
		strings.HasPrefix(w, "-R") && len(w) > 2
	if separate || joined {
		return r.dropsWithValue(tokens, "no RUNPATH")
	}
	return 0
}
