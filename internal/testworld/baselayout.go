package testworld

import (
	"fmt"
	"strings"
)

// baselayout makes the package alpine-baselayout for a world without a real
// Alpine root: the folders of a root and the files of /etc that programs read.
func baselayout(branch string) ([]unbuilt, error) {
	release := strings.TrimPrefix(branch, "v")
	info, err := newInfo("alpine-baselayout", "3.6.5-r0", "Base dir structure, in short", "/bin/sh", "")
	if err != nil {
		return nil, err
	}
	files := tree{}
	for _, dir := range []string{
		"bin", "dev", "etc", "home", "lib", "mnt", "opt", "proc", "run", "sbin", "srv", "sys",
		"usr/bin", "usr/lib", "usr/local/bin", "usr/local/lib", "usr/sbin", "usr/share",
		"var/cache", "var/lib", "var/log",
	} {
		files.dir(dir, 0o755)
	}
	files.dir("root", 0o700)
	files.dir("tmp", 0o1777)
	files.dir("var/tmp", 0o1777)
	files.symlink("var/run", "../run")
	for name, text := range map[string]string{
		"etc/alpine-release": release + ".0\n",
		"etc/group":          "root:x:0:root\nnogroup:x:65533:\nnobody:x:65534:\n",
		"etc/hosts":          "127.0.0.1\tlocalhost\n::1\tlocalhost\n",
		"etc/os-release":     fmt.Sprintf("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=%s.0\nPRETTY_NAME=\"Alpine Linux %s (stand-in)\"\n", release, branch),
		"etc/passwd":         "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
		"etc/profile":        "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
		"etc/shells":         "/bin/sh\n/bin/bash\n",
	} {
		files.file(name, 0o644, []byte(text))
	}
	files.file("etc/shadow", 0o640, []byte("root:*::0:::::\nnobody:!::0:::::\n"))
	return []unbuilt{{info, files}}, nil
}
