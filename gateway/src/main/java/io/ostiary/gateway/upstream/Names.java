package io.ostiary.gateway.upstream;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.resolver.dns.DnsCache;
import io.netty.resolver.dns.DnsCacheEntry;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.model.Discovery;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Asks name servers for addresses and services, and tells how long an answer holds. The packets go
/// over an event loop; whoever asks waits on a thread of its own, never on a loop.
///
/// Nothing is cached here: an answer is asked for again when its time to live is over.
final class Names implements AutoCloseable {
  private static final long QUERY_MILLIS = 2000;
  private static final long ANSWER_MILLIS = 10_000;

  /// Of answers without a time to live, such as those of the hosts file.
  private static final long TTL_SECONDS = 15;

  private final DnsNameResolver resolver;
  private final boolean systems;
  private final Lives lives = new Lives();

  /// @param ttlSeconds how long the answer holds
  record Answer(List<InetAddress> addresses, long ttlSeconds) {}

  /// One SRV record (RFC 2782).
  record Service(String host, int port, int priority, int weight) {}

  record Services(List<Service> services, long ttlSeconds) {}

  /// @param servers empty: the system's
  Names(EventLoop loop, Transport transport, List<Discovery.Server> servers) {
    systems = servers.isEmpty();
    var builder =
        new DnsNameResolverBuilder(loop)
            .datagramChannelFactory(transport.datagrams())
            .socketChannelFactory(transport.sockets())
            .queryTimeoutMillis(QUERY_MILLIS)
            .maxQueriesPerResolve(16)
            .resolveCache(lives);
    if (!servers.isEmpty()) {
      builder.nameServerProvider(
          new SequentialDnsServerAddressStreamProvider(
              servers.stream()
                  .map(server ->
                      new InetSocketAddress(InetAddress.ofLiteral(server.host()), server.port()))
                  .toArray(InetSocketAddress[]::new)));
    }
    resolver = builder.build();
  }

  Answer addresses(String host) throws UnknownHostException, InterruptedException {
    if (systems && !nameServerKnown()) {
      return ofTheSystem(host);
    }
    try {
      return ofServers(host);
    } catch (UnknownHostException e) {
      if (systems) {
        // Names may also be known by other means than DNS, see nsswitch.conf(5).
        return ofTheSystem(host);
      }
      throw e;
    }
  }

  /// Without one, Netty would ask a public server, which nobody has allowed.
  private static boolean nameServerKnown() {
    try (var lines = Files.lines(Path.of("/etc/resolv.conf"))) {
      return lines.anyMatch(line -> line.startsWith("nameserver"));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  private static Answer ofTheSystem(String host) throws UnknownHostException {
    return new Answer(List.of(InetAddress.getAllByName(host)), TTL_SECONDS);
  }

  private Answer ofServers(String host) throws UnknownHostException, InterruptedException {
    var found = answer(resolver.resolveAll(host), host);
    long ttl = Long.MAX_VALUE;
    for (var address : found) {
      ttl = Math.min(ttl, lives.take(address));
    }
    return new Answer(found, ttl);
  }

  Services services(String name) throws UnknownHostException, InterruptedException {
    if (systems && !nameServerKnown()) {
      throw new UnknownHostException(name + ": /etc/resolv.conf names no server");
    }
    var dotted = name.endsWith(".") ? name : name + ".";
    var records =
        answer(resolver.resolveAll(new DefaultDnsQuestion(dotted, DnsRecordType.SRV)), name);
    var services = new ArrayList<Service>();
    long ttl = Long.MAX_VALUE;
    for (var record : records) {
      try {
        var service = service(record);
        if (service != null) {
          services.add(service);
          ttl = Math.min(ttl, record.timeToLive());
        }
      } finally {
        ReferenceCountUtil.release(record);
      }
    }
    return new Services(services, ttl == Long.MAX_VALUE ? TTL_SECONDS : ttl);
  }

  private static @Nullable Service service(DnsRecord record) {
    if (!(record instanceof DnsRawRecord raw) || !record.type().equals(DnsRecordType.SRV)) {
      return null;
    }
    var in = raw.content();
    if (in.readableBytes() < 8) {
      return null;
    }
    int priority = in.readUnsignedShort();
    int weight = in.readUnsignedShort();
    int port = in.readUnsignedShort();
    var host = DefaultDnsRecordDecoder.decodeName(in);
    // A single "." says that the service is not there (RFC 2782).
    return host.equals(".") || port == 0 ? null : new Service(host, port, priority, weight);
  }

  private static <T> T answer(Future<T> asked, String name)
      throws UnknownHostException, InterruptedException {
    if (!asked.await(ANSWER_MILLIS, TimeUnit.MILLISECONDS)) {
      asked.cancel(false);
      throw new UnknownHostException(name + ": no answer within " + ANSWER_MILLIS / 1000 + " s");
    }
    if (!asked.isSuccess()) {
      var cause = asked.cause();
      throw cause instanceof UnknownHostException unknown
          ? unknown
          : new UnknownHostException(name + ": " + cause.getMessage());
    }
    return asked.getNow();
  }

  @Override
  public void close() {
    resolver.close();
  }

  /// Keeps no address, but the time to live of each until it is asked for.
  private static final class Lives implements DnsCache {
    private static final int KEPT_MAX = 10_000;

    private final ConcurrentHashMap<InetAddress, Long> seconds = new ConcurrentHashMap<>();

    private record Entry(@Nullable InetAddress address, @Nullable Throwable cause)
        implements DnsCacheEntry {}

    private long take(InetAddress address) {
      var known = seconds.remove(address);
      return known == null ? TTL_SECONDS : known;
    }

    @Override
    public void clear() {
      seconds.clear();
    }

    @Override
    public boolean clear(String hostname) {
      return false;
    }

    @Override
    public @Nullable List<? extends DnsCacheEntry> get(
        String hostname, DnsRecord @Nullable [] additionals) {
      return null;
    }

    @Override
    public DnsCacheEntry cache(
        String hostname,
        DnsRecord @Nullable [] additionals,
        InetAddress address,
        long originalTtl,
        EventLoop loop) {
      if (seconds.size() < KEPT_MAX) {
        seconds.merge(address, originalTtl, Math::min);
      }
      return new Entry(address, null);
    }

    @Override
    public DnsCacheEntry cache(
        String hostname, DnsRecord @Nullable [] additionals, Throwable cause, EventLoop loop) {
      return new Entry(null, cause);
    }
  }
}
