/* SPDX-License-Identifier: ISC */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/sendoff-token/http.h"
#include "core/base/text.h"

void
http_form_init(struct buf *b)
{
	buf_init(b, HTTP_FORM_MAX);
	buf_reserve(b, HTTP_FORM_MAX);
}

void
http_body_init(struct buf *b)
{
	buf_init(b, HTTP_BODY_MAX);
	buf_reserve(b, HTTP_BODY_MAX);
}

void
http_form_add(struct buf *b, const char *name, const char *p, size_t n)
{
	size_t i;

	if (b->n > 0)
		buf_addc(b, '&');
	buf_adds(b, name);
	buf_addc(b, '=');
	for (i = 0; i < n; i++) {
		if (text_is_alnum(p[i]) || p[i] == '-' || p[i] == '.' ||
		    p[i] == '_' || p[i] == '~')
			buf_addc(b, p[i]);
		else
			buf_addf(b, "%%%02X", (unsigned char)p[i]);
	}
}

static size_t
take_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	buf_add(body, p, size * n);
	return body->over ? 0 : size * n;
}

static void
set_options(CURL *c, const struct http_server *s, const char *url,
    struct buf *body, char *why)
{
	why[0] = '\0';
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "sendoff");
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT,
	    (long)s->connect_timeout_sec);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)s->timeout_sec);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
	/* Beside the system's directory, which stays what it is. */
	if (s->ca_file != NULL)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file);
}

int
http_ask(const struct http_server *s, const char *url,
    const struct buf *form, long *status, struct buf *body, struct err *err)
{
	char why[CURL_ERROR_SIZE], shown[300];
	struct curl_slist *headers = NULL;
	CURL *c = curl_easy_init();
	CURLcode rc = CURLE_FAILED_INIT;
	int ret = -1;

	if (c == NULL) {
		err_set(err, ERR_TEMP, "4.7.0", "curl does not start");
		goto out;
	}
	set_options(c, s, url, body, why);
	headers = curl_slist_append(NULL, "Accept: application/json");
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (form != NULL) {
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE,
		    (long)form->n);
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, buf_str(form));
	}
	rc = curl_easy_perform(c);
	if (rc != CURLE_OK) {
		if (why[0] == '\0')
			(void)snprintf(why, sizeof(why), "%s",
			    curl_easy_strerror(rc));
		err_set(err, ERR_TEMP, "4.7.0", "%.150s: %s", url,
		    body->over ? "the answer is too long" :
		    text_clean_to(shown, sizeof(shown), why, strlen(why)));
		goto out;
	}
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	ret = 0;
out:
	curl_slist_free_all(headers);
	if (c != NULL)
		curl_easy_cleanup(c);
	return ret;
}
