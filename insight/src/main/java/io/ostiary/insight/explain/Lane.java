package io.ostiary.insight.explain;

/// Who owned a piece of a call's time, in the order in which the console draws them.
public enum Lane {
  CLIENT_NETWORK("client network"),
  KERNEL("kernel"),
  GATEWAY("gateway"),
  UPSTREAM_NETWORK("upstream network"),
  UPSTREAM("upstream");

  private final String title;

  Lane(String title) {
    this.title = title;
  }

  public String title() {
    return title;
  }
}
