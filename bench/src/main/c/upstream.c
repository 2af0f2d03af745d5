// SPDX-License-Identifier: Apache-2.0
// The cheapest honest upstream for benchmarks: one thread, epoll, keep-alive, pipelining. It reads
// whole heads, skips bodies announced by Content-Length, and answers each request with the same
// bytes, or with as many as `bytes=N` in its target says. It is not a web server: only the bench's
// own proxies and load talk to it.
//
// usage: upstream PORT BODY_BYTES [any]      any: on every address, not on loopback alone
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 65536, BUFFER = 65536, ANSWERS_MAX = 8 };

struct answer {
	size_t body;
	size_t length;
	char *bytes;
};

struct connection {
	size_t used;  // bytes in `data`
	size_t skip;  // body bytes still to come
	const struct answer *sending;
	size_t sent;  // of `sending`
	char data[BUFFER];
};

static struct connection *connections[CONNECTIONS_MAX];
static struct answer answers[ANSWERS_MAX];
static int answer_count;
static int epoll;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static const struct answer *answer_of(size_t body)
{
	for (int i = 0; i < answer_count; i++) {
		if (answers[i].body == body)
			return &answers[i];
	}
	if (answer_count == ANSWERS_MAX) {
		fprintf(stderr, "upstream: more than %d sizes of answers\n", ANSWERS_MAX);
		exit(1);
	}
	struct answer *made = &answers[answer_count++];
	made->body = body;
	made->bytes = malloc(body + 512);
	if (!made->bytes)
		die("malloc");
	int head = sprintf(made->bytes,
			   "HTTP/1.1 200 OK\r\nServer: upstream\r\n"
			   "Date: Tue, 24 Nov 2026 00:00:00 GMT\r\n"
			   "Content-Type: application/json\r\nContent-Length: %zu\r\n"
			   "Connection: keep-alive\r\nETag: \"5f3c\"\r\n\r\n", body);
	memset(made->bytes + head, 'x', body);
	if (body >= 8) {
		memcpy(made->bytes + head, "{\"d\":\"", 6);
		memcpy(made->bytes + head + body - 2, "\"}", 2);
	}
	made->length = head + body;
	return made;
}

// The answer that a request asks for; `head` is its first line and more.
static const struct answer *wanted(const char *head, size_t length)
{
	const char *line = memchr(head, '\n', length);
	const char *bytes = memmem(head, line - head, "bytes=", 6);

	return bytes ? answer_of(strtoul(bytes + 6, NULL, 10)) : &answers[0];
}

static size_t content_length(const char *head, size_t length)
{
	for (const char *p = head; p < head + length; p++) {
		if (*p == '\n' && (size_t)(head + length - p) > 16 &&
		    !strncasecmp(p + 1, "content-length:", 15))
			return strtoul(p + 16, NULL, 10);
	}
	return 0;
}

static void watch(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };
	epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

// Sends on what is being sent: 1 when all of it is gone, 0 when the socket is full, -1 on failure.
static int send_on(int fd, struct connection *c)
{
	while (c->sent < c->sending->length) {
		ssize_t n = send(fd, c->sending->bytes + c->sent, c->sending->length - c->sent,
				 MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		c->sent += n > 0 ? n : 0;
	}
	c->sending = NULL;
	return 1;
}

// Answers the whole requests in the buffer, as far as the socket takes it; -1 ends the connection.
static int serve(int fd, struct connection *c)
{
	size_t at = 0;
	int gone = 1;

	if (c->sending) {
		gone = send_on(fd, c);
		if (gone <= 0)
			return gone;
		watch(fd, EPOLLIN);
	}
	while (gone > 0) {
		size_t skipped = c->used - at < c->skip ? c->used - at : c->skip;
		at += skipped;
		c->skip -= skipped;
		if (c->skip)
			break;
		char *end = memmem(c->data + at, c->used - at, "\r\n\r\n", 4);
		if (!end)
			break;
		size_t head = end + 4 - (c->data + at);
		c->skip = content_length(c->data + at, head);
		c->sending = wanted(c->data + at, head);
		c->sent = 0;
		at += head;
		gone = send_on(fd, c);
		if (!gone)
			watch(fd, EPOLLOUT);
	}
	memmove(c->data, c->data + at, c->used - at);
	c->used -= at;
	return gone < 0 || c->used == BUFFER ? -1 : 0;
}

static void drop(int fd)
{
	free(connections[fd]);
	connections[fd] = NULL;
	close(fd);
}

static void welcome(int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (fd >= CONNECTIONS_MAX ||
		    !(connections[fd] = calloc(1, sizeof(struct connection)))) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: upstream PORT BODY_BYTES [any]\n");
		return 2;
	}
	answer_of(strtoul(argv[2], NULL, 10));
	int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(atoi(argv[1])),
				       .sin_addr.s_addr =
					       htonl(argc > 3 ? INADDR_ANY : INADDR_LOOPBACK) };
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 4096))
		die("listen");
	epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);

	struct epoll_event ready[256];
	for (;;) {
		int n = epoll_wait(epoll, ready, 256, -1);
		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;
			if (fd == listener) {
				welcome(listener);
				continue;
			}
			struct connection *c = connections[fd];
			if (!c->sending) {
				ssize_t got = read(fd, c->data + c->used, BUFFER - c->used);
				if (got <= 0 && (got == 0 || errno != EAGAIN)) {
					drop(fd);
					continue;
				}
				c->used += got > 0 ? got : 0;
			}
			if (serve(fd, c))
				drop(fd);
		}
	}
}
