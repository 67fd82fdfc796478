// Go's own reverse proxy with the token injected and a fresh connection on both sides for each request.
//
//	peer LISTEN UPSTREAM TOKEN [CERTIFICATE KEY]
package main

import (
	"crypto/tls"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

var requestFields = []string{
	"Accept-Encoding", "Accept-Language", "Authentication", "Cookie", "Expect", "Forwarded", "Origin",
	"Proxy-Authorization", "Te", "Via", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip",
}

var responseFields = []string{"Set-Cookie", "Www-Authenticate"}

func main() {
	listen, token := os.Args[1], os.Args[3]
	upstream, err := url.Parse(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	direct := func(request *http.Request) {
		request.URL.Scheme, request.URL.Host, request.Host = upstream.Scheme, upstream.Host, upstream.Host
		for _, name := range requestFields {
			request.Header.Del(name)
		}
		request.Header["X-Forwarded-For"] = nil
		request.Header.Set("Authorization", "Bearer "+token)
	}
	clean := func(response *http.Response) error {
		for _, name := range responseFields {
			response.Header.Del(name)
		}
		return nil
	}
	server := http.Server{
		Addr: listen,
		Handler: &httputil.ReverseProxy{
			Director:       direct,
			ModifyResponse: clean,
			Transport:      &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       25 * time.Second,
		WriteTimeout:      25 * time.Second,
	}
	server.SetKeepAlivesEnabled(false)
	if len(os.Args) > 5 {
		// HTTP/2 would carry many requests on one connection, which is not what is compared.
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		log.Fatal(server.ListenAndServeTLS(os.Args[4], os.Args[5]))
	}
	log.Fatal(server.ListenAndServe())
}
