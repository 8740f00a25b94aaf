package registry

import (
	"sync"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
)

// DockerCredentials are those of "docker login": from config.json in the folder
// dir, or from the credential helpers that it names. The file is read when they
// are first asked for; that there is none is no error. Docker's own registry is
// there under an older name than its host's. What the environment variable
// DOCKER_AUTH_CONFIG has for a host comes first.
func DockerCredentials(dir string) func(host string) (user, secret string, err error) {
	load := sync.OnceValues(func() (*configfile.ConfigFile, error) { return config.Load(dir) })
	return func(host string) (string, string, error) {
		file, err := load()
		if err != nil {
			return "", "", err
		}
		if host == "registry-1.docker.io" {
			host = "https://index.docker.io/v1/"
		}
		a, err := file.GetAuthConfig(host)
		if err != nil {
			return "", "", err
		}
		if a.IdentityToken != "" {
			return "", a.IdentityToken, nil
		}
		return a.Username, a.Password, nil
	}
}
