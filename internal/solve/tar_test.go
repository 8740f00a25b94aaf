package solve

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client/llb"
)

// listTar reads a tar into a list of its names, files with their content.
func listTar(list *[]string) func(io.Reader) error {
	return func(r io.Reader) error {
		*list = []string{}
		for tr := tar.NewReader(r); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			data, err := io.ReadAll(tr)
			if err != nil {
				return err
			}
			*list = append(*list, strings.TrimSpace(h.Name+" "+string(data)))
		}
	}
}

func (w *world) testTar(t *testing.T) {
	def := marshal(t, w.step("tar", "write", "/out/dir/file", "content"))
	var list []string
	for range 2 { // executed, then cached
		if _, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "one", Definition: def, Tar: listTar(&list)}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"dir/", "dir/file content"}, list); diff != "" {
			t.Error(diff)
		}
	}
	// What a reader leaves doesn't matter.
	stop := func(io.Reader) error { return nil }
	if _, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "one", Definition: def, Tar: stop}); err != nil {
		t.Error(err)
	}
}

func (w *world) testTarOfNothing(t *testing.T) {
	list := []string{"unread"}
	empty := w.root().Run(
		llb.Args([]string{"/bin/prog", "write", "/tmp/x", "x"}),
		llb.Network(llb.NetModeNone),
		llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs()),
	).AddMount("/out", llb.Scratch())
	if _, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "one", Definition: marshal(t, empty), Tar: listTar(&list)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{}, list); diff != "" {
		t.Error(diff)
	}
}

func (w *world) testTarOfFailing(t *testing.T) {
	called := false
	_, err := w.run(t, t.Context(), RunOptions{}, Request{
		Name: "one", Definition: marshal(t, w.step("tar fails", "fail", "3", "1")),
		Tar: func(io.Reader) error { called = true; return nil },
	})
	var step *StepError
	if !errors.As(err, &step) || step.ExitCode != 3 {
		t.Errorf("%v", err)
	}
	if called {
		t.Error("it read something")
	}
}

func (w *world) testTarReader(t *testing.T) {
	bad := errors.New("that is no tree")
	_, err := w.run(t, t.Context(), RunOptions{}, Request{
		Name: "one", Definition: marshal(t, w.root()), // some MB: its end isn't reached
		Tar: func(io.Reader) error { return bad },
	})
	var failed *RequestError
	if !errors.Is(err, bad) || !errors.As(err, &failed) || failed.Request != "one" {
		t.Errorf("%v", err)
	}
}

func (w *world) testTarCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	_, err := w.run(t, ctx, RunOptions{}, Request{
		Name: "one", Definition: marshal(t, w.root()),
		Tar: func(r io.Reader) error {
			cancel()
			_, err := io.Copy(io.Discard, r)
			ended <- err
			return err
		},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-ended // the reader doesn't wait for ever
	// The daemon is as good as before.
	if _, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "x", Definition: marshal(t, w.root()), Tar: func(io.Reader) error { return nil }}); err != nil {
		t.Error(err)
	}
}
