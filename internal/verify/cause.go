package verify

// Cause is a reason for two builds to differ.
type Cause string

// The causes.
const (
	Timestamp Cause = "timestamp"      // the time of the build, or a date made of it
	BuildPath Cause = "build-path"     // a folder that the build happened in
	TempName  Cause = "temporary-name" // the random name of a temporary file
	Random    Cause = "random"         // a random id
	Ordering  Cause = "ordering"       // the same things in another order
	Machine   Cause = "machine"        // processors, host name, user or another property of the machine
	Digest    Cause = "digest"         // a digest of something else that differs
	Unknown   Cause = "unknown"
)

// verdict is a cause with the words for it.
type verdict struct {
	cause        Cause
	text, advice string
}

var unknown = verdict{Unknown, "not known",
	"compare the two files with diffoscope, and look for what the step reads besides its inputs: " +
		"the clock, random numbers, the order of a folder's entries, hash tables"}

// verdicts are what is usually said of a cause.
var verdicts = map[Cause]verdict{
	Timestamp: {Timestamp, "a timestamp: the file says when it was built",
		"take the time from SOURCE_DATE_EPOCH, which is the same in every build, or leave it out"},
	BuildPath: {BuildPath, "a path of the build: the file says where it was built",
		"keep paths relative, or map them: BUILD_PATH_PREFIX_MAP for OCaml and dune, -ffile-prefix-map for GCC"},
	TempName: {TempName, "the random name of a temporary file",
		"give the temporary file a fixed name in a folder of the build, or keep its name out of what is installed (strip, no -g)"},
	Random: {Random, "a random id",
		"make it of what it names, such as a digest of that, or keep it out of what is installed"},
	Ordering: {Ordering, "the same in another order",
		"sort what is written: the entries of a folder come in the order of the file system, and those of a hash table " +
			"or of parallel jobs in no order at all"},
	Machine: {Machine, "a property of the machine",
		"set it by configuration instead of asking the machine that builds"},
	Digest: {Digest, "a digest of something else that differs",
		"find what it was made of: this place follows from another file or section"},
	Unknown: unknown,
}

// because is the usual verdict with other words for what it is about.
func because(c Cause, text string) verdict {
	v := verdicts[c]
	if text != "" {
		v.text = text
	}
	return v
}

// do is the verdict with other advice.
func (v verdict) do(advice string) verdict {
	v.advice = advice
	return v
}
