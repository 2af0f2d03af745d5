package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Cidr;
import io.ostiary.model.setting.About;
import java.util.List;
import java.util.Set;

/// Lets clients in or keeps them out by their address.
public final class Ip implements Policy<Ip.Settings> {
  private static final Verdict REFUSED =
      new Verdict.Reply(
          Problem.of(403, "ip", "Address not allowed", "This address may not call this API."));

  /// @param allow who may call; empty: everybody
  /// @param deny who may not, even if allowed above
  public record Settings(
      @About("Blocks of addresses that may call; empty: every address.") List<Cidr> allow,
      @About("Blocks that may not, even where 'allow' holds them.") List<Cidr> deny) {
    public Settings {
      allow = List.copyOf(allow);
      deny = List.copyOf(deny);
      if (allow.isEmpty() && deny.isEmpty()) {
        throw new IllegalArgumentException(
            "ip: nothing (expected: blocks such as 203.0.113.0/24 under 'allow' or 'deny')");
      }
    }
  }

  @Override
  public String name() {
    return "ip";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public boolean lasting() {
    return true;
  }

  @Override
  public boolean ofOneRoute(Settings settings) {
    return true;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    return new Gate(new AddressSet(settings.allow), new AddressSet(settings.deny));
  }

  private record Gate(AddressSet allow, AddressSet deny) implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public Verdict request(Exchange exchange) {
      var client = exchange.client();
      if (deny.contains(client) || !(allow.isEmpty() || allow.contains(client))) {
        return REFUSED;
      }
      return Verdict.CONTINUE;
    }
  }
}
