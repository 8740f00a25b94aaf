package e2e

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ofarm/ofarm/internal/testworld/site"
)

// serves starts fserv in a root and asks it for a file, a range of it and a
// listing, by HTTP or, with a certificate, by HTTPS.
func serves(t *testing.T, root string, withTLS bool) {
	t.Helper()
	content := strings.Repeat("some bytes of a file\n", 10_000)
	writeFile(t, filepath.Join(root, "www", "file.txt"), []byte(content))
	argv := []string{"/fserv", "--port", "0", "--root", "/www"}
	client := &http.Client{Timeout: 20 * time.Second}
	if withTLS {
		cert, key, pool := certificate(t)
		writeFile(t, filepath.Join(root, "cert.pem"), cert)
		writeFile(t, filepath.Join(root, "key.pem"), key)
		argv = append(argv, "--tls-cert", "/cert.pem", "--tls-key", "/key.pem")
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	}
	base := start(t, root, argv)
	if body, status := get(t, client, base+"/file.txt", ""); status != http.StatusOK || body != content {
		t.Errorf("GET /file.txt: status %d and %d bytes, want 200 and %d", status, len(body), len(content))
	}
	if body, status := get(t, client, base+"/file.txt", "bytes=5-9"); status != http.StatusPartialContent || body != "bytes" {
		t.Errorf("GET of bytes 5-9: status %d, body %q, want 206 and %q", status, body, "bytes")
	}
	if body, status := get(t, client, base+"/", ""); status != http.StatusOK || !strings.Contains(body, "file.txt") {
		t.Errorf("GET /: status %d, body %q, want a listing with file.txt", status, body)
	}
	if _, status := get(t, client, base+"/../../etc/passwd", ""); status < 400 {
		t.Errorf("GET above the root: status %d", status)
	}
}

// start runs a server in a root, on this machine's loopback, until the test
// ends, and returns the URL that it prints.
func start(t *testing.T, root string, argv []string) string {
	t.Helper()
	cmd := site.Command(t.Context(), root, argv...)
	cmd.SysProcAttr.Cloneflags = 0 // it shall be reached
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
		cmd.Wait()                          //nolint:errcheck // its exit code is not the test's business
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("fserv printed %q (%v), want \"listening on URL\"; it complained: %s", line, err, stderr.String())
	}
	return url
}

func get(t *testing.T, client *http.Client, url, bytesRange string) (string, int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytesRange != "" {
		r.Header.Set("Range", bytesRange)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Error(err)
		return "", 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("GET %s: %v", url, err)
	}
	return string(body), resp.StatusCode
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// certificate makes a certificate for 127.0.0.1 and a pool that trusts it.
func certificate(t *testing.T) (cert, key []byte, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fserv"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return cert, key, pool
}
