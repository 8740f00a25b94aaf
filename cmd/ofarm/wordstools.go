package main

// Tools in bundles.
const (
	bundleTools = `tools in it: %s
They come out where there is no ofarm yet, beside the bundle, by
  tar -xOf %s blobs/sha256/%s >ofarm && chmod +x ofarm && ./ofarm bundle --bundle %s --unpack-tools .
`
	tellDynamicTool = "%s isn't static, and runs only where these are: %s\n"
	toolGLIBC       = "glibc %s or newer"

	flagWithTools   = "put the programs that build in it, too: ofarm, its linker shims, buildkitd and runc"
	flagUnpackTools = "`DIR` write nothing but the programs of the bundle that --bundle names, into this folder"

	hintToolsHere = "have buildkitd, and runc or crun, beside this ofarm or on PATH"
	hintNoTools   = `"ofarm bundle --with-tools" makes a bundle with them`
)
