package llb

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/go-multierror"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// TestVerifyRefuses is definitions that no plan may become.
func TestVerifyRefuses(t *testing.T) {
	const sum = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	run := func(opts ...llb.RunOption) llb.State {
		opts = append([]llb.RunOption{llb.Args([]string{"true"}), llb.Network(pb.NetMode_NONE)}, opts...)
		return llb.Scratch().Run(opts...).Root()
	}
	tests := map[string]struct {
		state llb.State
		want  []string
	}{
		"nothing wrong":    {run(), nil},
		"image by digest":  {llb.OCILayout("local/ofarm@"+sum, llb.OCIStore("", Store)), nil},
		"checked download": {llb.HTTP("https://example.org/a", llb.Checksum(sum)), nil},
		"network":          {run(llb.Network(pb.NetMode_UNSET)), []string{"its exec has network UNSET"}},
		"host's network":   {run(llb.Network(pb.NetMode_HOST)), []string{"its exec has network HOST"}},
		"insecure":         {run(llb.Security(pb.SecurityMode_INSECURE)), []string{"its exec has security mode INSECURE"}},
		"cache mount": {
			run(llb.AddMount("/c", llb.Scratch(), llb.AsPersistentCacheDir("c", llb.CacheMountShared))),
			[]string{"its mount /c has type CACHE"},
		},
		"secret mount":       {run(llb.AddSecret("/s")), []string{"its mount /s has type SECRET"}},
		"secret environment": {run(llb.AddSecret("S", llb.SecretAsEnv(true))), []string{"its exec has secrets in its environment"}},
		"agent":              {run(llb.AddSSHSocket(llb.SSHSocketTarget("/a"))), []string{"its mount /a has type SSH"}},
		"device":             {run(llb.AddCDIDevice(llb.CDIDeviceName("vendor.com/gpu=0"))), []string{"its exec has devices of the host"}},
		"image by tag":       {llb.Image("debian:bookworm"), []string{"docker-image://docker.io/library/debian:bookworm is not named by its content"}},
		"layout by tag":      {llb.OCILayout("local/ofarm:latest", llb.OCIStore("", Store)), []string{"oci-layout://local/ofarm:latest is not named by its content"}},
		"unchecked download": {llb.HTTP("https://example.org/a"), []string{"https://example.org/a is not named by its content"}},
		"git":                {llb.Git("https://example.org/a.git", "main"), []string{"is of a kind that ofarm doesn't use"}},
		"local folder":       {llb.Local("project"), []string{"local://project is of a kind that ofarm doesn't use"}},
		"two at once": {
			run(llb.Network(pb.NetMode_HOST), llb.AddMount("/a", llb.Local("project"))),
			[]string{"local://project", "its exec has network HOST"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			def, err := tt.state.Marshal(context.Background(), llb.LinuxAmd64)
			if err != nil {
				t.Fatal(err)
			}
			checkViolations(t, Verify(def), tt.want)
		})
	}
}

func checkViolations(t *testing.T, err error, want []string) {
	t.Helper()
	var list []error
	var multi *multierror.Error
	if errors.As(err, &multi) {
		list = multi.Errors
	}
	if len(list) != len(want) {
		t.Fatalf("got %v, want %q", err, want)
	}
	for i, e := range list {
		var v *VerifyError
		if !errors.As(e, &v) || !strings.Contains(v.What, want[i]) {
			t.Errorf("got %v, want %q", e, want[i])
		}
	}
}

// TestVerifyRefusesNestedBuilds is the one kind of vertex that LLB's own client
// doesn't make.
func TestVerifyRefusesNestedBuilds(t *testing.T) {
	op, err := (&pb.Op{Op: &pb.Op_Build{Build: &pb.BuildOp{}}}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	err = Verify(&llb.Definition{Def: [][]byte{op}})
	checkViolations(t, err, []string{"it is of a kind that ofarm doesn't use, *pb.Op_Build"})
	if Verify(&llb.Definition{Def: [][]byte{[]byte("garbage")}}) == nil {
		t.Error("garbage is verified")
	}
}
