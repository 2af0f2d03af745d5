package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// HAProxy, one thread: maps for routes and keys, a stick table for the limit, a log line.
record HaProxy(boolean featured, int port) implements Candidate {
  @Override
  public String name() {
    return featured ? "haproxy, same features" : "haproxy, bare";
  }

  @Override
  public List<String> prepare(Path folder, Workload workload, int upstreamPort) throws IOException {
    var conf = folder.resolve("haproxy.cfg");
    var text = new StringBuilder(head());
    if (featured) {
      writeMaps(folder, workload);
      text.append(features(folder, workload));
    } else {
      text.append("  default_backend up\n");
    }
    text.append("backend up\n  http-reuse always\n  server up 127.0.0.1:" + upstreamPort + "\n");
    Files.writeString(conf, text);
    return List.of("haproxy", "-db", "-f", conf.toString());
  }

  private String head() {
    return """
    global
      nbthread 1
      maxconn 8192
      %s
    defaults
      mode http
      timeout connect 5s
      timeout client 300s
      timeout server 60s
      timeout http-request 10s
    frontend in
      bind 127.0.0.1:%d
    """
        .formatted(featured ? "log stdout format raw local0" : "", port);
  }

  private static String features(Path folder, Workload workload) {
    return """
      log global
      unique-id-format %%{+X}o\\ %%ci:%%cp_%%fi:%%fp_%%Ts_%%rt:%%pid
      unique-id-header X-Request-Id
      option forwardfor
      log-format "%%ci %%t %%ID %%[var(txn.consumer)] %%{+Q}r %%ST %%B %%Ta %%Tr %%s"
      http-request set-var(txn.consumer) req.hdr(X-API-Key),map_str(%1$s/keys.map)
      http-request deny deny_status 401 unless { var(txn.consumer) -m found }
      http-request track-sc0 var(txn.consumer) table limits
      http-request deny deny_status 429 if { sc0_http_req_rate gt %2$d }
      http-request set-header X-Consumer %%[var(txn.consumer)]
      http-request del-header X-API-Key
      http-response set-header X-Request-Id %%[unique-id]
      use_backend %%[path,map_beg(%1$s/routes.map)]
    backend limits
      stick-table type string len 32 size 100k expire 60s store http_req_rate(1s)
    """
        .formatted(folder, workload.requestsPerSecond());
  }

  private static void writeMaps(Path folder, Workload workload) throws IOException {
    var keys = new StringBuilder();
    for (int i = 0; i < workload.keys().size(); i++) {
      keys.append(workload.keys().get(i)).append(" consumer-").append(i).append('\n');
    }
    Files.writeString(folder.resolve("keys.map"), keys);
    var routes = new StringBuilder();
    for (int i = 0; i < workload.routes(); i++) {
      routes.append("/route-").append(i).append("/ up\n");
    }
    Files.writeString(folder.resolve("routes.map"), routes);
  }
}
