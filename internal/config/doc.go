// Package config is ofarm.toml: what a project says about its build, and what
// a user says about mirrors.
//
// The file is TOML 1.0. Every key is in the table [Keys], from which the manual
// is printed; a key that isn't there is an error with its line, and so is a
// value of the wrong kind. A file is optional, and its zero value is a sensible
// project.
//
// What is set in more than one place has a stated order: a flag beats an
// environment variable, that beats a [target.NAME] table of ofarm.toml, that
// beats its top level, and that beats the default. Lists are replaced, not
// joined, except for mirrors: those of a flag come first, then the
// environment's, then the file's, then the default ones.
package config
