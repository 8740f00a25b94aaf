package main

import "github.com/ofarm/ofarm/internal/farm"

// ofarm verify.
const (
	verifyShort = "build again under other circumstances, and compare"
	verifyLong  = `Build again what "ofarm build" built, from the same locked inputs and nothing
else, and compare the artifacts byte by byte: all files in the targets' folders,
so one that no build makes is a difference. What is in PROJECT/dist is taken as
the first build if it is what a build would make now; otherwise it is built
first.

DIST, a folder with artifacts.json that may come from elsewhere, is taken as it is
or refused, and never written to; without --target the targets are those it has,
of all platforms unless --platform is given. It must have been built from the
lock of its project, which is the first folder above DIST that has an ofarm.lock,
or else the current folder; --artifacts DIST names it beside any PROJECT. If it has
a provenance.json, the project's files and the options must make the same build in
this ofarm. Without one that isn't known: if artifacts differ, these may be why.

The second build takes nothing from the first: its images are assembled anew, and
a BuildKit daemon of its own begins with nothing and ends with it. Its
circumstances are others: a later time; one processor, and one step at a time;
what it makes is in memory where there is enough of it, so that folders have
another order; the project lies in another folder and, for root, belongs to
somebody else. The second table says what was varied, as steps saw it, and what
can't be.

With --deep what each root and each step leaves is compared too: an artifact may
be the same although a package isn't. Where something differs, the error names the
package whose step began it, the file and the place in it, and the likely cause;
packages that may merely follow from others aren't blamed. The artifacts that
differ are kept as both builds made them, and up to 100 files of each package that
is blamed, the smallest ones, with the report of diffoscope where it is installed.

The exit code is 1 if anything differs. It takes as long as a build from nothing
on one processor: --jobs gives it more.`
	verifyExample = `  ofarm verify
  ofarm verify --deep --target alpine --jobs 8
  ofarm verify ./downloaded/dist
  ofarm verify --artifacts ./downloaded/dist hello`

	verifyHead       = "ARTIFACT"
	verifyStepHead   = "STEP"
	verifyTargetHead = "TARGET"
	verifySHA        = "SHA256"
	verifyVerdict    = "VERDICT"
	verifySame       = "same"
	verifyDiffers    = "DIFFERS"
	verifyFollows    = "differs, after %s"
	verifyMissing    = "only in the first build"
	verifyAdded      = "only in the second build"

	verifyVaried   = "CIRCUMSTANCE"
	verifyFirst    = "FIRST"
	verifyAgain    = "AGAIN"
	verifyNoChange = "the same"
	verifyKept     = "what differs is in %s"

	verifyDiffText  = "%s: %s comes out otherwise when it is built again: %s"
	verifyMoreFiles = "; also %s"
	verifyReport    = "\n  diffoscope's report: %s"
	verifyInputText = "%s: %s is assembled otherwise the second time: %s and %s"

	tellVerifyFirst   = "building what isn't there yet\n"
	tellVerifyAgain   = "building again, with nothing of the first build\n"
	tellVerifyCompare = "comparing\n"

	flagVerifyOutput = "`FOLDER` folder of the first build's artifacts; what doesn't fit is built over (default: PROJECT/dist)"
	flagArtifacts    = "`DIST` folder of the artifacts to verify; nothing is written to it"
	flagVerifyAddr   = "`ADDRESS` BuildKit daemon of the first build, as of \"ofarm build\"; the second has its own"
	flagDeep         = "compare what every root and every step leaves, too"
	flagVerifyJobs   = "`NUMBER` processors of the second build, and its steps at once (default: 1)"
	flagState        = "`FOLDER` the second build works here, not in memory or the cache folder"
	flagKeep         = "`FOLDER` gets what differs; empty or not there (default: verify in the cache folder)"

	hintVerifyBuild = `"ofarm build" makes them`
	hintVerifyOther = `take the project, its lock, the options and the ofarm that these were built with; "ofarm verify PROJECT" verifies what the project is now`
	hintVerifyGiven = "it was changed or damaged after it was built: find out why before you use it, or get it again from who built it"
	hintVerifyDist  = "name a project, or a folder that \"ofarm build\" exported to"
	hintVerifyKeep  = "name another one: nothing is overwritten there"

	hintVerifyKeepPlace  = "name another folder with --keep"
	hintVerifyStatePlace = "name another folder with --state"

	hintVerifyProject = `"ofarm verify --artifacts DIST PROJECT" names both`
	hintVerifyDaemon  = "the second build always has a daemon of its own, so --addr doesn't help: add what is missing (usermod(8) adds subordinate ids), or run it as root"
	hintVerifyInputs  = "did a file of the project change meanwhile? Otherwise this is a mistake of ofarm: please report it"
	hintVerifyMemory  = "the second build worked in %s of memory: with --state FOLDER it works on disk"
	hintVerifySpace   = "the second build worked in %s: free some space, or name another folder with --state"
	hintVerifyLost    = "was there too little memory? With --state FOLDER the second build works on disk"
	hintVerifyUnknown = "compare the files in %s; diffoscope shows more"
)

// aspectNames are what circumstances are called.
var aspectNames = map[farm.Aspect]string{
	farm.Clock:       "time",
	farm.Processors:  "processors",
	farm.Parallel:    "steps at once",
	farm.FileSystem:  "file system",
	farm.FolderOrder: "order in folders",
	farm.Snapshotter: "snapshotter",
	farm.Folder:      "project's folder",
	farm.Owner:       "project's owner",
	farm.Kernel:      "kernel",
	farm.Processor:   "processor",
	farm.Memory:      "memory",
	farm.HostName:    "host name",
}
