package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.access.Principal;
import io.ostiary.control.access.Sessions;
import io.ostiary.control.access.SignIn;
import io.ostiary.control.access.SignInCodes;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.control.http.Query;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// `session`: signing in and out.
final class SessionApi {
  private static final String PATH = "/api/v1/session";
  private static final int SECRET_MAX = 200;

  private final SignIn signIn;
  private final Supplier<Link> links;

  SessionApi(SignIn signIn, Supplier<Link> links) {
    this.signIn = signIn;
    this.links = links;
  }

  List<Route> routes() {
    return List.of(
        Route.post(PATH, Access.ANYONE, this::open),
        Route.get(PATH, Access.VIEWER, this::show),
        Route.delete(PATH, Access.VIEWER, this::close),
        Route.post(PATH + "/codes", Access.ADMIN, this::code));
  }

  record View(
      String user,
      String role,
      String team,
      String by,
      @Nullable Instant idleUntil,
      @Nullable Instant expiresAt) {
    static View of(Sessions.Session session) {
      return new View(
          session.who(),
          session.role().text(),
          session.team().id(),
          "session",
          session.idleUntil(),
          session.expiresAt());
    }

    static View of(Principal principal) {
      if (principal.session() != null) {
        return of(principal.session());
      }
      var actor = principal.actor();
      return new View(actor.who(), actor.role().text(), actor.team().id(), "token", null, null);
    }
  }

  /// A link that signs in once.
  public record Link(String link, Instant until) {
    static Link of(String address, SignInCodes.Code code) {
      return new Link(address + "/#/sign-in?code=" + code.text(), code.until());
    }
  }

  private void open(Context context) {
    Query.of(context);
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "code", "token");
    if (fields.has("code") == fields.has("token")) {
      fields.fault("", "the body has both or neither (expected: either code or token)");
    }
    fields.done();
    var code = fields.has("code") ? fields.text("code", 1, SECRET_MAX) : null;
    var token = fields.has("token") ? fields.text("token", 1, SECRET_MAX) : null;
    fields.done();
    context.status(201).json(View.of(signIn.signIn(context, code, token)));
  }

  private void show(Context context) {
    Query.of(context);
    context.json(View.of(Guard.principal(context)));
  }

  private void close(Context context) {
    Query.of(context);
    if (Guard.principal(context).session() == null) {
      throw ApiProblem.conflict("signed in by the token; there is no session to end");
    }
    signIn.signOut(context);
    context.status(204);
  }

  private void code(Context context) {
    Query.of(context);
    context.status(201).json(links.get());
  }
}
