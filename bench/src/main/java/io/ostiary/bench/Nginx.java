package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// nginx, configured the common way: locations, a map of keys, limit_req, buffered access log.
///
/// @param protocols what else than plain HTTP/1.1 it speaks: TLS on the next port, HTTP/2 on the
///   one after; null: nothing
record Nginx(boolean featured, int port, @Nullable Protocols protocols) implements Candidate {
  Nginx(boolean featured, int port) {
    this(featured, port, null);
  }

  @Override
  public String name() {
    return featured ? "nginx, same features" : "nginx, bare";
  }

  @Override
  public List<String> prepare(Path folder, Workload workload, int upstreamPort) throws IOException {
    var conf = folder.resolve("nginx.conf");
    Files.writeString(
        conf, featured ? full(folder, workload, upstreamPort) : bare(folder, upstreamPort));
    return List.of("nginx", "-p", folder.toString(), "-c", conf.toString());
  }

  private static String frame(Path folder, String http) {
    return """
    daemon off;
    master_process on;
    worker_processes 1;
    pid %1$s/nginx.pid;
    error_log %1$s/error.log warn;
    events { worker_connections 4096; }
    http {
      client_body_temp_path %1$s/body;
      proxy_temp_path %1$s/proxy;
      fastcgi_temp_path %1$s/fastcgi;
      uwsgi_temp_path %1$s/uwsgi;
      scgi_temp_path %1$s/scgi;
      keepalive_requests 1000000000;
      keepalive_timeout 300s;
    %2$s
    }
    """
        .formatted(folder, http);
  }

  private static String upstream(int upstreamPort) {
    return """
      upstream up { server 127.0.0.1:%d; keepalive 256; keepalive_requests 1000000000; }
    """
        .formatted(upstreamPort);
  }

  private String bare(Path folder, int upstreamPort) {
    return frame(
        folder,
        upstream(upstreamPort)
            + """
              access_log off;
              server {
                listen 127.0.0.1:%d reuseport backlog=4096;
                location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }
              }
            """
                .formatted(port));
  }

  private String full(Path folder, Workload workload, int upstreamPort) {
    var text = new StringBuilder(upstream(upstreamPort));
    text.append("  map_hash_max_size 65536;\n  map_hash_bucket_size 128;\n");
    text.append("  map $http_x_api_key $consumer {\n    default \"\";\n");
    for (int i = 0; i < workload.keys().size(); i++) {
      text.append("    \"")
          .append(workload.keys().get(i))
          .append("\" consumer-")
          .append(i)
          .append(";\n");
    }
    text.append("  }\n");
    text.append(
        """
          limit_req_zone $consumer zone=consumers:16m rate=%dr/s;
          log_format record '$remote_addr $time_iso8601 $request_id $consumer "$request" $status '
            '$bytes_sent $request_time $upstream_response_time $upstream_addr';
          access_log %s/access.log record buffer=64k flush=1s;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header X-Request-Id $request_id;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-API-Key "";
          proxy_set_header X-Consumer $consumer;
          add_header X-Request-Id $request_id always;
          server {
            listen 127.0.0.1:%d reuseport backlog=4096;
            limit_req zone=consumers burst=1000 nodelay;
            if ($consumer = "") { return 401; }
        """
            .formatted(workload.requestsPerSecond(), folder, port));
    for (int i = 0; i < workload.routes(); i++) {
      text.append("    location /route-").append(i).append("/ { proxy_pass http://up; }\n");
    }
    var more = protocols;
    if (more != null) {
      text.append(more.nginx(port));
    }
    return frame(folder, text.append("  }\n").toString());
  }
}
