package io.ostiary.kernel.sets;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.ostiary.model.CidrFile;
import io.ostiary.model.CidrList;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A list on the web, and its last good copy in a file. It is asked for with the marks that came
/// with that copy, so that a server need not send again what has not changed. An answer goes to
/// disk and is read from there, as it may be larger than the heap. Used by one thread at a time.
final class WebList {
  /// With a connection, and with the beginning of an answer.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final int OK = 200;
  private static final int NOT_MODIFIED = 304;

  private final URI address;
  private final Path copy;
  private final Duration patience;

  /// Of the copy, where it was fetched by this process; empty: none.
  private String tag = "";

  private String modified = "";

  /// @param patience with a whole answer
  WebList(URI address, Path copy, Duration patience) {
    this.address = address;
    this.copy = copy;
    this.patience = patience;
  }

  /// What is there now; null where it has not changed. A list without a single block is taken for a
  /// fault of its server: what it held before would be let in, or kept out, from one moment to the
  /// next.
  @Nullable CidrList fetch() throws InterruptedException {
    var client =
        HttpClient.newBuilder()
            .connectTimeout(PATIENCE)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    try {
      Files.createDirectories(copy.toAbsolutePath().getParent());
      var beside = Files.createTempFile(copy.toAbsolutePath().getParent(), "set", ".new");
      try {
        return fetch(client, beside);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (TimeoutException e) {
      return broken("not all of it came within %d s".formatted(patience.toSeconds()));
    } catch (ExecutionException e) {
      return broken("not fetched: " + why(e.getCause()));
    } catch (IOException e) {
      return broken("not kept: " + why(e));
    } finally {
      client.shutdownNow();
    }
  }

  private @Nullable CidrList fetch(HttpClient client, Path beside)
      throws InterruptedException, IOException, ExecutionException, TimeoutException {
    boolean conditional = Files.exists(copy) && !(tag.isEmpty() && modified.isEmpty());
    var request = HttpRequest.newBuilder(address).timeout(PATIENCE);
    if (conditional && !tag.isEmpty()) {
      request.header("If-None-Match", tag);
    }
    if (conditional && !modified.isEmpty()) {
      request.header("If-Modified-Since", modified);
    }
    var toFile =
        BodyHandlers.ofFile(beside, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    var response =
        client
            .sendAsync(request.build(), BodyHandlers.limiting(toFile, CidrFile.SIZE_MAX))
            .get(patience.toMillis(), MILLISECONDS);
    int status = response.statusCode();
    if (status == NOT_MODIFIED && conditional) {
      return null;
    }
    return status == OK
        ? taken(beside, response.headers())
        : broken("status %d (expected: %d)".formatted(status, OK));
  }

  private CidrList taken(Path beside, HttpHeaders headers) throws IOException {
    CidrList list;
    try (var text = Files.newBufferedReader(beside, StandardCharsets.ISO_8859_1)) {
      list = CidrList.read(address.toString(), text);
    }
    if (!list.faults().isEmpty()) {
      return list;
    }
    if (list.blocks().isEmpty()) {
      return broken("no block in it (expected: at least one)");
    }
    Files.move(beside, copy, StandardCopyOption.REPLACE_EXISTING);
    tag = headers.firstValue("ETag").orElse("");
    modified = headers.firstValue("Last-Modified").orElse("");
    return list;
  }

  private CidrList broken(String what) {
    return SetLibrary.broken(address + ": " + what);
  }

  /// A refused connection has no message.
  private static String why(@Nullable Throwable cause) {
    var message = cause == null ? null : cause.getMessage();
    return message != null ? message : String.valueOf(cause);
  }
}
