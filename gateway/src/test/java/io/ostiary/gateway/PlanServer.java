package io.ostiary.gateway;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.testing.integration.TestServiceImpl;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// A server behind the gateway in [ReloadUnderLoadTest]: says its number and the plans that the
/// request was stamped with.
final class PlanServer implements AutoCloseable {
  private final int number;
  private final ServerSocket socket;
  private final Server grpc;

  private PlanServer(int number, ServerSocket socket, Server grpc) {
    this.number = number;
    this.socket = socket;
    this.grpc = grpc;
  }

  int port() {
    return socket.getLocalPort();
  }

  int grpcPort() {
    return grpc.getPort();
  }

  static PlanServer open(int number) throws IOException {
    var socket = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
    var work = Executors.newScheduledThreadPool(1, Thread.ofPlatform().daemon().factory());
    var grpc =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(ServerInterceptors.intercept(new TestServiceImpl(work), new Saying(number)))
            .build()
            .start();
    var behind = new PlanServer(number, socket, grpc);
    Thread.startVirtualThread(behind::accept);
    return behind;
  }

  private void accept() {
    try {
      while (true) {
        var accepted = socket.accept();
        Thread.startVirtualThread(() -> serve(accepted));
      }
    } catch (IOException e) {
      // It is over.
    }
  }

  private void serve(Socket accepted) {
    try (accepted) {
      var in =
          new BufferedReader(
              new InputStreamReader(accepted.getInputStream(), StandardCharsets.ISO_8859_1));
      var out = accepted.getOutputStream();
      for (var first = in.readLine(); first != null; first = in.readLine()) {
        var api = "";
        var route = "";
        for (var line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
          if (line.startsWith("X-Api-Plan: ")) {
            api = line.substring(12);
          } else if (line.startsWith("X-Route-Plan: ")) {
            route = line.substring(14);
          }
        }
        answer(first.split(" ")[1], number + " " + api + " " + route, in, out);
      }
    } catch (IOException e) {
      // The gateway has hung up.
    }
  }

  private static void answer(String target, String said, BufferedReader in, OutputStream out)
      throws IOException {
    switch (target) {
      case "/ws" -> {
        send(
            out,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: x\r\nX-Said: "
                + said
                + "\r\n\r\n");
        for (int c = in.read(); c >= 0; c = in.read()) {
          out.write(c);
        }
      }
      case "/events" -> {
        send(
            out,
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 5; i++) {
          var event = "data: " + said + "\n\n";
          send(out, Integer.toHexString(event.length()) + "\r\n" + event + "\r\n");
          LockSupport.parkNanos(20_000_000);
        }
        send(out, "0\r\n\r\n");
      }
      default ->
          send(out, "HTTP/1.1 200 OK\r\nContent-Length: " + said.length() + "\r\n\r\n" + said);
    }
  }

  private static void send(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Override
  public void close() throws IOException {
    socket.close();
    grpc.shutdownNow();
  }

  /// The same for calls of gRPC, in a field of the answer.
  private record Saying(int number) implements ServerInterceptor {
    private static String stamp(Metadata head, String name) {
      return head.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }

    @Override
    public <A, B> ServerCall.Listener<A> interceptCall(
        ServerCall<A, B> call, Metadata head, ServerCallHandler<A, B> next) {
      var said = number + " " + stamp(head, "x-api-plan") + " " + stamp(head, "x-route-plan");
      return next.startCall(
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata answer) {
              answer.put(PlanClients.ECHOED, said);
              super.sendHeaders(answer);
            }
          },
          head);
    }
  }
}
