package io.ostiary.gateway.outbound;

import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.model.AddressText;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// One connection to another service, HTTP/1.1 over blocking sockets. Used by one thread at a time;
/// only [#close] may come from another.
final class OutboundConnection {
  private final Socket socket;
  private final InputStream in;
  private boolean answering;
  private boolean reusable;
  private long restsSince;

  private OutboundConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream(), 8192);
  }

  static OutboundConnection open(Destination destination, InetAddress address, long until)
      throws IOException {
    var plain = new Socket();
    try {
      plain.setTcpNoDelay(true);
      plain.connect(new InetSocketAddress(address, destination.port()), millisLeft(until));
      plain.setSoTimeout(millisLeft(until));
      return new OutboundConnection(destination.tls() ? secured(plain, destination) : plain);
    } catch (IOException e) {
      plain.close();
      throw new IOException(e.getMessage() + " (" + AddressText.of(address) + ")", e);
    }
  }

  private static Socket secured(Socket plain, Destination destination) throws IOException {
    var factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    var secured =
        (SSLSocket) factory.createSocket(plain, destination.host(), destination.port(), true);
    var parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setApplicationProtocols(new String[] {"http/1.1"});
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  private static int millisLeft(long until) throws SocketTimeoutException {
    long millis = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
    if (millis <= 0) {
      throw new SocketTimeoutException("no answer in time");
    }
    return (int) millis;
  }

  HttpReply exchange(HttpAsk ask, Destination destination, long until) throws IOException {
    answering = false;
    reusable = false;
    var out = socket.getOutputStream();
    out.write(head(ask, destination));
    out.write(ask.body().getBytes(StandardCharsets.UTF_8));
    out.flush();
    var reader = new ReplyReader(limited(until), ask.bytesMax());
    var reply = reader.read(ask.method());
    reusable = reader.reusable();
    return reply;
  }

  private static byte[] head(HttpAsk ask, Destination destination) {
    var uri = ask.uri();
    var path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    var target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    var text = new StringBuilder(256);
    text.append(ask.method()).append(' ').append(target).append(" HTTP/1.1\r\n");
    text.append("Host: ").append(destination.authority()).append("\r\n");
    text.append("User-Agent: Ostiary\r\n");
    int size = ask.body().getBytes(StandardCharsets.UTF_8).length;
    if (size > 0 || ask.method().equals("POST")) {
      text.append("Content-Length: ").append(size).append("\r\n");
    }
    for (var field : ask.fields()) {
      text.append(field.name()).append(": ").append(field.value()).append("\r\n");
    }
    text.append("\r\n");
    var bytes = new ByteArrayOutputStream(text.length());
    bytes.writeBytes(text.toString().getBytes(StandardCharsets.ISO_8859_1));
    return bytes.toByteArray();
  }

  /// The socket's bytes, each read limited by what is left of the call's time.
  private InputStream limited(long until) {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        socket.setSoTimeout(millisLeft(until));
        int b = in.read();
        answering |= b >= 0;
        return b;
      }

      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        socket.setSoTimeout(millisLeft(until));
        int count = in.read(bytes, from, length);
        answering |= count > 0;
        return count;
      }
    };
  }

  /// Whether a byte of the last answer came.
  boolean answering() {
    return answering;
  }

  boolean reusable() {
    return reusable;
  }

  long restsSince() {
    return restsSince;
  }

  void restsSince(long nanos) {
    restsSince = nanos;
  }

  void close() {
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger("io.ostiary.gateway").log(System.Logger.Level.DEBUG, "closing", e);
    }
  }
}
