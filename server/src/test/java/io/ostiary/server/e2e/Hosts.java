package io.ostiary.server.e2e;

/// Three hosts joined by veth: client - gateway - upstream. There is no route to anywhere else.
///
/// | host | towards the client | towards the upstream |
/// |---|---|---|
/// | client | 198.18.1.2, 2001:db8:1::2 (and 203.0.113.2) | |
/// | gateway | 198.18.1.1, 2001:db8:1::1 on `gw-client` | 198.18.2.1 on `gw-up` |
/// | upstream | | 198.18.2.2 |
final class Hosts implements AutoCloseable {
  static final String GATEWAY = "198.18.1.1";
  static final String GATEWAY6 = "2001:db8:1::1";
  static final String CLIENT = "198.18.1.2";

  /// A second address of the client, to be denied while the first goes on.
  static final String OTHER_CLIENT = "203.0.113.2";

  static final String UPSTREAM = "198.18.2.2";
  static final String CLIENT_DEVICE = "gw-client";

  private static final Host MACHINE = new Host("");

  final Host client;
  final Host gateway;
  final Host upstream;

  Hosts(String name) {
    var prefix = "ost-e2e-" + name + "-" + ProcessHandle.current().pid();
    client = namespace(prefix + "-c");
    gateway = namespace(prefix + "-g");
    upstream = namespace(prefix + "-u");
    join(client, "eth0", gateway, CLIENT_DEVICE);
    join(gateway, "gw-up", upstream, "eth0");
    address(client, "eth0", CLIENT + "/24");
    address(client, "eth0", OTHER_CLIENT + "/24");
    address(client, "eth0", "2001:db8:1::2/64");
    address(gateway, CLIENT_DEVICE, GATEWAY + "/24");
    address(gateway, CLIENT_DEVICE, "203.0.113.1/24");
    address(gateway, CLIENT_DEVICE, GATEWAY6 + "/64");
    address(gateway, "gw-up", "198.18.2.1/24");
    address(upstream, "eth0", UPSTREAM + "/24");
  }

  private static Host namespace(String name) {
    MACHINE.must("ip", "netns", "add", name);
    var host = new Host(name);
    host.must("ip", "link", "set", "lo", "up");
    host.must("sysctl", "-qw", "net.ipv4.tcp_congestion_control=reno");
    return host;
  }

  private static void join(Host one, String oneDevice, Host two, String twoDevice) {
    MACHINE.must(
        "ip",
        "link",
        "add",
        oneDevice,
        "netns",
        one.namespace(),
        "type",
        "veth",
        "peer",
        "name",
        twoDevice,
        "netns",
        two.namespace());
    one.must("ip", "link", "set", oneDevice, "up");
    two.must("ip", "link", "set", twoDevice, "up");
  }

  private static void address(Host host, String device, String address) {
    if (address.contains(":")) {
      host.must("ip", "-6", "address", "add", address, "dev", device, "nodad");
    } else {
      host.must("ip", "address", "add", address, "dev", device);
    }
  }

  @Override
  public void close() {
    for (var host : new Host[] {client, gateway, upstream}) {
      MACHINE.run("ip", "netns", "del", host.namespace());
    }
  }
}
