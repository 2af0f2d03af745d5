package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.gateway.wire.StatusLines;
import io.ostiary.model.CallId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The page in the place of one call's problem, or of its upstream's answer. Such an answer is read
/// to its end first, so that its connection may be used again; what is longer than that is worth is
/// given up. Reused with its call; confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class PageWriter {
  private static final int DISCARDED_MAX = 64 * 1024;
  private static final HeaderName[] KEPT = {
    HeaderName.of("Retry-After"), HeaderName.of("WWW-Authenticate"), HeaderName.of("Allow")
  };

  private final Call call;
  private ErrorPages.@Nullable Made instead;
  private @Nullable Problem answered;
  private int discarded;

  PageWriter(Call call) {
    this.call = call;
  }

  void begin() {
    instead = null;
    answered = null;
    discarded = 0;
  }

  /// The page that stands for a problem; null: it is told as it is.
  ErrorPages.@Nullable Made of(Problem problem) {
    if (answered != null && answered == problem) {
      return instead;
    }
    var pages = call.plan().pages();
    if (pages == null || Grpc.asked(call.requestHead())) {
      return null;
    }
    var route = call.routePlan();
    return pages.choose(
        route == null ? null : route.api(),
        problem.status(),
        problem.code(),
        call.requestHead().fields(),
        false);
  }

  /// The head of the upstream's answer has come.
  ///
  /// @return whether a page is told in its place; then its content belongs here
  boolean takes(ResponseHead head) {
    var pages = call.plan().pages();
    if (pages == null || !pages.upstreams() || Grpc.asked(call.requestHead())) {
      return false;
    }
    var page =
        pages.choose(call.routed().api(), head.status(), "", call.requestHead().fields(), true);
    if (page == null) {
      return false;
    }
    var kept = new ArrayList<Field>();
    for (var name : KEPT) {
      head.fields().all(name).forEach(value -> kept.add(new Field(name, value)));
    }
    instead = page;
    answered =
        new Problem(
            head.status(),
            "upstream-answered",
            StatusLines.reason(head.status()),
            "",
            List.of(),
            kept);
    return true;
  }

  boolean reading() {
    return answered != null;
  }

  /// A piece of the content that nobody wants.
  ///
  /// @return what is told now; null: more is waited for
  @Nullable Problem discard(int length, boolean last) {
    discarded += length;
    var problem = answered;
    if (!last && discarded <= DISCARDED_MAX) {
      return null;
    }
    if (!last) {
      call.attempts().drop();
    }
    return problem;
  }

  /// What stands on the page.
  ByteBuffer content(ErrorPages.Made of, Problem problem, int status) {
    var text =
        of.page()
            .text()
            .fill(place ->
                switch (place) {
                  case STATUS -> Integer.toString(status);
                  case TITLE -> problem.title();
                  case DETAIL -> problem.detail();
                  case TYPE -> Problems.type(problem);
                  case INSTANCE -> call.times().headNanos == 0 ? "" : call.path();
                  case CALL -> CallId.text(call.callId());
                });
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
