// SPDX-License-Identifier: Apache-2.0
// Both ends of the WebSocket benchmark (RFC 6455), one thread with epoll each: a server that sends
// every frame back, and a load of clients that send a small text frame, wait for it to come back,
// and send the next. Frames are at most 125 bytes and never in pieces: only the bench's own
// proxies stand between the two.
//
// usage: websocket echo PORT
//        websocket load PORT PATH CONNECTIONS SECONDS [FIELD]...    prints: MESSAGES ERRORS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, BUFFER = 4096, PAYLOAD = 64 };

struct end {
	int open;     // the upgrade is done
	size_t used;  // bytes in `data`
	unsigned char data[BUFFER];
};

static struct end ends[CONNECTIONS_MAX];

// What answers the key that every client of ours sends, as RFC 6455 section 1.3 has it.
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void send_all(int fd, const void *data, size_t length)
{
	if (send(fd, data, length, MSG_NOSIGNAL) != (ssize_t)length)
		die("send");
}

static void watch(int epoll, int fd)
{
	int one = 1;
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd >= CONNECTIONS_MAX) {
		fprintf(stderr, "more than %d connections\n", CONNECTIONS_MAX);
		exit(1);
	}
	memset(&ends[fd], 0, sizeof(ends[fd]));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take(struct end *end, size_t length)
{
	end->used -= length;
	memmove(end->data, end->data + length, end->used);
}

// Takes the head of the upgrade, if it is whole.
static int upgraded(struct end *end)
{
	unsigned char *last = memmem(end->data, end->used, "\r\n\r\n", 4);

	if (!last)
		return 0;
	take(end, last + 4 - end->data);
	end->open = 1;
	return 1;
}

// The length of the first whole frame, and where its payload is; 0: none is whole.
static size_t frame(struct end *end, unsigned char **payload, size_t *length)
{
	if (end->used < 2)
		return 0;
	size_t mask = end->data[1] & 128 ? 4 : 0;
	*length = end->data[1] & 127;
	if (*length > 125 || end->used < 2 + mask + *length)
		return 0;
	*payload = end->data + 2 + mask;
	for (size_t i = 0; mask && i < *length; i++)
		(*payload)[i] ^= end->data[2 + i % 4];
	return 2 + mask + *length;
}

static void echo(int fd, struct end *end)
{
	unsigned char *payload, out[BUFFER];
	size_t length, whole, filled = 0;

	if (!end->open) {
		char head[256];
		if (!upgraded(end))
			return;
		send_all(fd, head, sprintf(head, "HTTP/1.1 101 Switching Protocols\r\n"
					   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
					   "Sec-WebSocket-Accept: %s\r\n\r\n", ACCEPT));
	}
	while ((whole = frame(end, &payload, &length))) {
		out[filled] = 0x81;
		out[filled + 1] = length;
		memcpy(out + filled + 2, payload, length);
		filled += 2 + length;
		take(end, whole);
	}
	if (filled)
		send_all(fd, out, filled);
}

static void serve(int port)
{
	int one = 1, fd, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int epoll = epoll_create1(0);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 4096))
		die("listen");
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener }, ready[256];
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(epoll, ready, 256, -1);
		for (int i = 0; i < n; i++) {
			if (ready[i].data.fd == listener) {
				while ((fd = accept4(listener, NULL, NULL, 0)) >= 0)
					watch(epoll, fd);
				continue;
			}
			fd = ready[i].data.fd;
			struct end *end = &ends[fd];
			ssize_t got = read(fd, end->data + end->used, BUFFER - end->used);
			if (got <= 0) {
				close(fd);
				continue;
			}
			end->used += got;
			echo(fd, end);
		}
	}
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say(int fd)
{
	static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	unsigned char out[6 + PAYLOAD] = { 0x81, 128 | PAYLOAD };

	memcpy(out + 2, mask, 4);
	for (int i = 0; i < PAYLOAD; i++)
		out[6 + i] = 'x' ^ mask[i % 4];
	send_all(fd, out, sizeof(out));
}

static int load(int argc, char **argv)
{
	int port = atoi(argv[2]), connections = atoi(argv[4]), epoll = epoll_create1(0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	long messages = 0, errors = 0, until = now_ms() + atoi(argv[5]) * 1000L;
	char head[4096];
	int length = sprintf(head, "GET %s HTTP/1.1\r\nHost: bench.test\r\nUpgrade: websocket\r\n"
			     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
			     "Sec-WebSocket-Key: %s\r\n", argv[3], KEY);

	for (int i = 6; i < argc; i++)
		length += sprintf(head + length, "%s\r\n", argv[i]);
	length += sprintf(head + length, "\r\n");
	for (int i = 0; i < connections; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
			die("connect");
		watch(epoll, fd);
		send_all(fd, head, length);
	}
	struct epoll_event ready[256];
	while (now_ms() < until) {
		int n = epoll_wait(epoll, ready, 256, 100);
		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;
			struct end *end = &ends[fd];
			ssize_t got = read(fd, end->data + end->used, BUFFER - end->used);
			if (got <= 0) {
				errors++;
				close(fd);
				continue;
			}
			end->used += got;
			unsigned char *payload;
			size_t whole, size;
			if (!end->open) {
				if (end->used > 12 && memcmp(end->data + 9, "101", 3)) {
					errors++;
					close(fd);
				} else if (upgraded(end)) {
					say(fd);
				}
				continue;
			}
			while ((whole = frame(end, &payload, &size))) {
				messages++;
				errors += size != PAYLOAD || payload[0] != 'x';
				take(end, whole);
				say(fd);
			}
		}
	}
	printf("%ld %ld\n", messages, errors);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "echo"))
		serve(atoi(argv[2]));
	if (argc >= 6 && !strcmp(argv[1], "load"))
		return load(argc, argv);
	fprintf(stderr, "usage: websocket echo PORT\n"
		"       websocket load PORT PATH CONNECTIONS SECONDS [FIELD]...\n");
	return 2;
}
