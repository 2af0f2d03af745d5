package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.model.Api;
import io.ostiary.model.ErrorPage;
import io.ostiary.model.PageText;
import io.ostiary.model.Snapshot;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What clients are told in the place of problems: the pages of APIs and of the gateway, and the
/// choice among those that fit by what a client accepts. Immutable; where nobody has written a page
/// there is none of this.
final class ErrorPages {
  private static final HeaderName ACCEPT = HeaderName.of("Accept");
  private static final HeaderName TYPE = HeaderName.of("Content-Type");
  private static final HeaderName VARY = HeaderName.of("Vary");

  /// What is written where no page is liked better.
  private static final String OURS = "application/problem+json";

  /// How much a client likes a type: in thousandths, and one more where it says so by name.
  private static final int NAMED = 1;

  /// A page, ready to be told.
  ///
  /// @param base its media type without parameters
  record Made(ErrorPage page, String base, List<Field> fields) {
    private static Made of(ErrorPage page) {
      var fields = new ArrayList<Field>();
      fields.add(new Field(TYPE, page.type()));
      fields.add(new Field(VARY, "Accept"));
      page.headers().forEach((name, value) -> fields.add(new Field(HeaderName.of(name), value)));
      return new Made(page, PageText.base(page.type()), List.copyOf(fields));
    }

    /// A browser asks for HTML by its name. A program that takes anything does not mean it.
    private boolean onlyByName() {
      return base.equals("text/html") || base.equals("application/xhtml+xml");
    }
  }

  private final List<Made> gateways;
  private final IdentityHashMap<Api, List<Made>> apis = new IdentityHashMap<>();
  private final boolean upstreams;

  private ErrorPages(Snapshot snapshot) {
    gateways = made(snapshot.gateway().errors());
    for (var api : snapshot.apis()) {
      if (!api.errors().isEmpty()) {
        apis.put(api, made(api.errors()));
      }
    }
    upstreams =
        snapshot.gateway().errors().stream().anyMatch(ErrorPage::upstreams)
            || snapshot.apis().stream()
                .anyMatch(api -> api.errors().stream().anyMatch(ErrorPage::upstreams));
  }

  private static List<Made> made(List<ErrorPage> pages) {
    return pages.stream().map(Made::of).toList();
  }

  /// Null: nobody has written one.
  static @Nullable ErrorPages of(Snapshot snapshot) {
    boolean any =
        !snapshot.gateway().errors().isEmpty()
            || snapshot.apis().stream().anyMatch(api -> !api.errors().isEmpty());
    return any ? new ErrorPages(snapshot) : null;
  }

  /// Whether any stands for answers of upstreams.
  boolean upstreams() {
    return upstreams;
  }

  /// The page for a problem; null: it is told as it is.
  ///
  /// @param api null: none answers to the call
  /// @param code of the problem
  /// @param upstreams whether it is an answer of the upstream
  @Nullable Made choose(
      @Nullable Api api, int status, String code, Fields request, boolean upstreams) {
    var own = api == null ? null : apis.get(api);
    var accepted = accepted(request);
    var chosen = own == null ? null : choose(own, status, code, accepted, upstreams);
    return chosen == null ? choose(gateways, status, code, accepted, upstreams) : chosen;
  }

  private static String accepted(Fields request) {
    if (!request.has(ACCEPT)) {
      return "*/*";
    }
    return String.join(",", request.all(ACCEPT)).toLowerCase(Locale.ROOT);
  }

  private static @Nullable Made choose(
      List<Made> among, int status, String code, String accepted, boolean upstreams) {
    Made best = null;
    // What is ours is there for everybody who asks for it by name.
    int most = upstreams ? 0 : liking(accepted, OURS, true);
    for (var one : among) {
      if ((upstreams && !one.page.upstreams()) || !one.page.standsFor(status, code)) {
        continue;
      }
      int liking = liking(accepted, one.base, one.onlyByName());
      // Two of the same kind: the first in the file.
      if (liking > most || (best == null && liking > 0 && liking == most)) {
        most = liking;
        best = one;
      }
    }
    return best;
  }

  /// By the range that names it most closely (RFC 9110 section 12.5.1); 0: not acceptable.
  private static int liking(String accepted, String type, boolean onlyByName) {
    int closest = -1;
    int liking = 0;
    for (var range : accepted.split(",")) {
      int semicolon = range.indexOf(';');
      var named = (semicolon < 0 ? range : range.substring(0, semicolon)).strip();
      int close = close(named, type);
      if (close > closest && (close > 0 || !onlyByName)) {
        int quality = semicolon < 0 ? 1000 : quality(range.substring(semicolon + 1));
        closest = close;
        liking = quality == 0 ? 0 : 2 * quality + (close > 0 ? NAMED : 0);
      }
    }
    return liking;
  }

  /// -1: not meant; 0: as anything is; 1: by its kind; 2: by its name.
  private static int close(String range, String type) {
    if (range.equals(type)) {
      return 2;
    }
    if (range.equals("*/*") || range.equals("*")) {
      return 0;
    }
    boolean kind = range.endsWith("/*") && type.startsWith(range.substring(0, range.length() - 1));
    return kind ? 1 : -1;
  }

  /// In thousandths; what cannot be read is no restriction.
  private static int quality(String parameters) {
    for (var parameter : parameters.split(";")) {
      var text = parameter.strip();
      if (text.startsWith("q=")) {
        return text.matches("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)")
            ? (int) Math.round(Double.parseDouble(text.substring(2)) * 1000)
            : 1000;
      }
    }
    return 1000;
  }
}
