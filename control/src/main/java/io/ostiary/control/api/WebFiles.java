package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.ApiProblem;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The built console, from the class path. Files come compressed from the build (`.br`, `.gz`
/// beside each); names with a hash never change and may be kept for ever. Any other path without a
/// dot is a page of the application, so it gets `index.html`.
final class WebFiles {
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_@.+-]+(/[A-Za-z0-9_@.+-]+)*");
  private static final Pattern HASHED = Pattern.compile("(^|.*/)assets/.*-[A-Za-z0-9_-]{8,}\\..+");
  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("html", "text/html; charset=utf-8"),
          Map.entry("js", "text/javascript; charset=utf-8"),
          Map.entry("mjs", "text/javascript; charset=utf-8"),
          Map.entry("css", "text/css; charset=utf-8"),
          Map.entry("json", "application/json"),
          Map.entry("map", "application/json"),
          Map.entry("webmanifest", "application/manifest+json"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("png", "image/png"),
          Map.entry("ico", "image/x-icon"),
          Map.entry("webp", "image/webp"),
          Map.entry("woff2", "font/woff2"),
          Map.entry("txt", "text/plain; charset=utf-8"));

  private static final String NOT_BUILT =
      """
      <!doctype html>
      <html lang="en">
      <title>Ostiary</title>
      <h1>The console is not built</h1>
      <p>This process was started from a build without the web application.
      Run <code>./ostiary run</code>, which builds it, or build the <code>web</code> module.</p>
      <p>The admin API works: <a href="/api/openapi.json">its document</a>.</p>
      </html>
      """;

  private final String root;

  WebFiles(String root) {
    this.root = root.endsWith("/") ? root.substring(0, root.length() - 1) : root;
  }

  /// Behind all others: it takes every path.
  List<Route> routes() {
    return List.of(
        Route.get("/", Access.ANYONE, this::serve),
        Route.get("/<file>", Access.ANYONE, this::serve));
  }

  private void serve(Context context) throws IOException {
    var path = context.path().substring(1);
    if (path.startsWith("api/") || path.equals("api")) {
      throw ApiProblem.notFound("path", context.path());
    }
    if (path.isEmpty() || !path.substring(path.lastIndexOf('/') + 1).contains(".")) {
      index(context);
      return;
    }
    // No dots in front of a name: neither parents nor hidden files.
    if (!SAFE.matcher(path).matches() || path.startsWith(".") || path.contains("/.")) {
      throw ApiProblem.notFound("file", context.path());
    }
    if (!send(context, path)) {
      throw ApiProblem.notFound("file", context.path());
    }
  }

  private void index(Context context) throws IOException {
    if (!send(context, "index.html")) {
      context.status(503).html(NOT_BUILT);
    }
  }

  private boolean send(Context context, String path) throws IOException {
    var accepted = context.header("Accept-Encoding");
    if (accepts(accepted, "br") && send(context, path, ".br", "br")) {
      return true;
    }
    if (accepts(accepted, "gzip") && send(context, path, ".gz", "gzip")) {
      return true;
    }
    return send(context, path, "", null);
  }

  private boolean send(Context context, String path, String suffix, @Nullable String encoding)
      throws IOException {
    try (InputStream in = WebFiles.class.getResourceAsStream(root + "/" + path + suffix)) {
      if (in == null) {
        return false;
      }
      context.disableCompression();
      context.header("Vary", "Accept-Encoding");
      if (encoding != null) {
        context.header("Content-Encoding", encoding);
      }
      boolean hashed = HASHED.matcher(path).matches();
      context.header("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
      var type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
      context.contentType(type == null ? "application/octet-stream" : type);
      context.result(in.readAllBytes());
      return true;
    }
  }

  private static boolean accepts(@Nullable String accepted, String encoding) {
    if (accepted == null) {
      return false;
    }
    for (var part : accepted.split(",")) {
      var fields = part.strip().split(";", 2);
      if (fields[0].strip().equals(encoding)) {
        return fields.length == 1 || !fields[1].replace(" ", "").matches("q=0(\\.0*)?");
      }
    }
    return false;
  }
}
