package base

import _ "embed"

//go:embed configure.sh
var configureScript string

//go:embed extra.sh
var extraScript string

//go:embed scrub.sh
var scrubScript string

// ConfigureScript returns the POSIX shell script that configures a root made by [Debian]: it runs the scripts preinst,
// lets dpkg configure every package, checks that dpkg --audit is content, and scrubs what differs between runs. It runs
// as root in that root with /proc and /dev mounted, needs no network, and gives the same tree each time; with
// SOURCE_DATE_EPOCH (seconds) in its environment, the same times too.
func ConfigureScript() string { return configureScript + "\n" + scrubScript }

// ExtraScript returns the script that installs the *.deb files of a folder, its only argument, into a configured root
// with dpkg itself, and checks and scrubs as ConfigureScript does. The folder may be read-only.
func ExtraScript() string { return extraScript + "\n" + scrubScript }
