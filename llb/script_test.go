package llb

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
)

// shells are those that run steps, as far as they are installed.
func shells(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	if path, err := exec.LookPath("dash"); err == nil {
		out["dash"] = []string{path}
	}
	if path, err := exec.LookPath("busybox"); err == nil {
		out["busybox"] = []string{path, "sh"}
	}
	if len(out) == 0 {
		t.Skip("neither dash nor busybox is installed")
	}
	return out
}

// TestWordsReachPrograms draws words and lets real shells run a command of
// them: the program must get exactly these, and the value of jobs.
func TestWordsReachPrograms(t *testing.T) {
	program, err := exec.LookPath("printf")
	if err != nil {
		t.Skip("printf is not installed")
	}
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				command, want := drawCommand(t)
				var b strings.Builder
				b.WriteString("run() { shift; (exec " + program + " '%s\\0' \"$@\"); }\njobs='7 8'\n")
				writeCommand(&b, command)
				got, err := exec.Command(shell[0], append(shell[1:], "-euc", b.String())...).Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, b.String())
				}
				list := strings.Split(strings.TrimSuffix(string(got), "\x00"), "\x00")
				if diff := cmp.Diff(want, list); diff != "" {
					t.Fatalf("words (-want +got):\n%s\n%s", diff, b.String())
				}
			})
		})
	}
}

// drawCommand draws a command, and what its program should get.
func drawCommand(t *rapid.T) (plan.Command, []string) {
	command := plan.Command{opam.Word{{Text: "program"}}}
	var want []string
	text := rapid.OneOf(
		rapid.StringMatching(`[-a-z '"$\x60\\!*?~#;&|<>(){}=%\[\]\n\t]{0,12}`),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) }),
	)
	for range rapid.IntRange(1, 4).Draw(t, "words") {
		var word opam.Word
		var plain string
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			if rapid.IntRange(0, 4).Draw(t, "run time") == 0 {
				word, plain = append(word, opam.Part{RunTime: "jobs"}), plain+"7 8"
				continue
			}
			s := strings.ReplaceAll(text.Draw(t, "text"), "\x00", "")
			word, plain = append(word, opam.Part{Text: s}), plain+s
		}
		command, want = append(command, word), append(want, plain)
	}
	return command, want
}

// TestJoin runs a script in pieces.
func TestJoin(t *testing.T) {
	text := "printf '%s\\n' \"it's ä word\" <<'END'\nEND\ncat <<'END'\nsome $text\nEND\n"
	for name, shell := range shells(t) {
		for size := 5; size < 12; size++ {
			args := append(append(shell[1:], "-euc", joinScript, "sh"), pieces(text, size)...)
			got, err := exec.Command(shell[0], args...).CombinedOutput()
			if err != nil || !bytes.Equal(got, []byte("it's ä word\nsome $text\n")) {
				t.Errorf("%s: %v: %q", name, err, got)
			}
		}
		fail := append(append(shell[1:], "-euc", joinScript, "sh"), "false\n", "echo no\n")
		if got, err := exec.Command(shell[0], fail...).CombinedOutput(); err == nil || len(got) > 0 {
			t.Errorf("%s: a script in pieces goes on after an error: %q", name, got)
		}
	}
}

func FuzzPieces(f *testing.F) {
	f.Add("plain", 4)
	f.Add("ä€𝄞\xff\xfe", 4)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if size < 4 || size > 1<<20 {
			return
		}
		list := pieces(text, size)
		if strings.Join(list, "") != text {
			t.Errorf("pieces %q are not %q", list, text)
		}
		for _, p := range list {
			if len(p) > size {
				t.Errorf("%q is longer than %d", p, size)
			}
		}
	})
}
