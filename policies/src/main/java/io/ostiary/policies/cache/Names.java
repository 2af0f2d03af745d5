package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.HeaderName;
import java.util.Set;

/// The fields that caching is about.
public final class Names {
  public static final HeaderName CACHE_CONTROL = HeaderName.of("Cache-Control");
  public static final HeaderName CACHE_STATUS = HeaderName.of("Cache-Status");
  public static final HeaderName AGE = HeaderName.of("Age");
  public static final HeaderName AUTHORIZATION = HeaderName.of("Authorization");
  public static final HeaderName CONTENT_LENGTH = HeaderName.of("Content-Length");
  public static final HeaderName CONTENT_LOCATION = HeaderName.of("Content-Location");
  public static final HeaderName COOKIE = HeaderName.of("Cookie");
  public static final HeaderName DATE = HeaderName.of("Date");
  public static final HeaderName ETAG = HeaderName.of("ETag");
  public static final HeaderName EXPIRES = HeaderName.of("Expires");
  public static final HeaderName IF_MATCH = HeaderName.of("If-Match");
  public static final HeaderName IF_MODIFIED_SINCE = HeaderName.of("If-Modified-Since");
  public static final HeaderName IF_NONE_MATCH = HeaderName.of("If-None-Match");
  public static final HeaderName IF_RANGE = HeaderName.of("If-Range");
  public static final HeaderName IF_UNMODIFIED_SINCE = HeaderName.of("If-Unmodified-Since");
  public static final HeaderName LAST_MODIFIED = HeaderName.of("Last-Modified");
  public static final HeaderName LOCATION = HeaderName.of("Location");
  public static final HeaderName PRAGMA = HeaderName.of("Pragma");
  public static final HeaderName RANGE = HeaderName.of("Range");
  public static final HeaderName SET_COOKIE = HeaderName.of("Set-Cookie");
  public static final HeaderName TRANSFER_ENCODING = HeaderName.of("Transfer-Encoding");
  public static final HeaderName VARY = HeaderName.of("Vary");

  static final Set<HeaderName> OF_304 =
      Set.of(CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, LAST_MODIFIED, VARY);

  private Names() {}
}
