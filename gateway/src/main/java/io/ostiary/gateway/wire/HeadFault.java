package io.ostiary.gateway.wire;

/// Why a head or a body cannot be taken. What is ambiguous is refused, never repaired: two readers
/// of the same bytes must not see two messages.
public enum HeadFault {
  REQUEST_LINE(400, "malformed-request", "The request line is not 'METHOD SP target SP HTTP/1.1'."),
  METHOD(400, "malformed-request", "The method is not made of A-Z, 0-9, '-' and '_'."),
  METHOD_REFUSED(501, "method-refused", "CONNECT and TRACE do not pass this gateway."),
  TARGET(400, "malformed-request", "The request target holds bytes that a URI must not hold."),
  PATH_ENCODING(
      400,
      "ambiguous-path",
      "The path holds a percent-encoded slash, backslash or NUL, or a broken" + " escape."),
  PATH_DOTS(
      400, "ambiguous-path", "The path leaves its root through '..' or hides dots behind ';'."),
  VERSION(
      505,
      "version-not-supported",
      "The request line names a version other than HTTP/1.0 and HTTP/1.1."),
  LINE_END(400, "malformed-request", "A line does not end in CR LF, or holds a CR inside."),
  LEADING_LINES(400, "malformed-request", "More than two empty lines stand before the request."),
  FIELD_NAME(
      400, "malformed-request", "A field name is empty or holds what is no token character."),
  FIELD_VALUE(400, "malformed-request", "A field value holds a control character."),
  FIELD_FOLDED(400, "malformed-request", "A field line begins with white space (obs-fold)."),
  FIELD_DISGUISED(
      400, "malformed-request", "A framing field is spelled with '_', which others read as '-'."),
  HOST_MISSING(400, "malformed-request", "There is no Host field."),
  HOST_REPEATED(400, "malformed-request", "There is more than one Host field."),
  HOST_VALUE(400, "malformed-request", "Host is not 'name' or 'name:port'."),
  LENGTH_VALUE(400, "malformed-request", "Content-Length is not one decimal number."),
  LENGTH_REPEATED(400, "malformed-request", "There is more than one Content-Length."),
  LENGTH_AND_CODING(
      400, "malformed-request", "Content-Length and Transfer-Encoding stand side by side."),
  CODING_REPEATED(400, "malformed-request", "There is more than one Transfer-Encoding."),
  CODING_OLD_VERSION(400, "malformed-request", "HTTP/1.0 knows no Transfer-Encoding."),
  CODING_UNKNOWN(501, "coding-unknown", "Transfer-Encoding is not 'chunked'."),
  CONNECTION_VALUE(400, "malformed-request", "Connection is not a list of tokens."),
  EXPECTATION(417, "expectation-failed", "Expect is not '100-continue'."),
  MAX_FORWARDS(400, "malformed-request", "Max-Forwards is not one decimal number."),
  TARGET_TOO_LONG(414, "target-too-long", "The request line is longer than this gateway takes."),
  HEAD_TOO_LARGE(431, "head-too-large", "The head is longer than this gateway takes."),
  FIELDS_TOO_MANY(431, "head-too-large", "The head has more fields than this gateway takes."),
  CHUNK_SIZE(400, "malformed-body", "A chunk does not begin with its size in hexadecimal digits."),
  CHUNK_EXTENSION(
      400, "malformed-body", "A chunk extension is too long or holds control characters."),
  CHUNK_END(400, "malformed-body", "A chunk does not end in CR LF."),
  TRAILER(400, "malformed-body", "The trailer section cannot be read or holds a framing field."),
  STATUS_LINE(400, "malformed-response", "The status line cannot be read.");

  private final int status;
  private final String code;
  private final String detail;

  HeadFault(int status, String code, String detail) {
    this.status = status;
    this.code = code;
    this.detail = detail;
  }

  /// What a client is told; a fault of an upstream is always told as 502.
  public int status() {
    return status;
  }

  public String code() {
    return code;
  }

  public String detail() {
    return detail;
  }
}
