package io.ostiary.kernel.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.capture.CaptureSettings;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PrivacyTest {
  private static final int HEADERS = 54;

  private final Privacy cut = new Privacy(false, CaptureSettings.DEFAULT.mask());
  private final Privacy keep = new Privacy(true, CaptureSettings.DEFAULT.mask());

  private static byte[] tcp(int from, String payload) {
    return Frames.tcp("198.18.0.2", from, 8080, payload.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String text(byte[] frame) {
    return new String(frame, HEADERS, frame.length - HEADERS, StandardCharsets.ISO_8859_1);
  }

  @Test
  void cutsBodiesAndKeepsHeads() {
    var request = "POST /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer abc\r\n\r\n{\"a\":1}";
    assertThat(text(cut.apply(tcp(1, request))))
        .isEqualTo("POST /a HTTP/1.1\r\nHost: x\r\nAuthorization:***********\r\n\r\n");
    assertThat(cut.apply(tcp(1, "a body that goes on"))).hasSize(HEADERS);
  }

  @Test
  void masksSecretsWhereBodiesAreKept() {
    var request =
        "GET /a?apikey=123&b=4 HTTP/1.1\r\ncookie: a=b\r\nX-API-Key:k\r\nAccept: c\r\n\r\nbody";
    assertThat(text(keep.apply(tcp(1, request))))
        .isEqualTo(
            "GET /a?apikey=***&b=4 HTTP/1.1\r\ncookie:****\r\nX-API-Key:*\r\nAccept: c\r\n\r\nbody");
    assertThat(text(keep.apply(tcp(2, "HTTP/1.1 200 OK\r\nSet-Cookie: s\r\n\r\nx"))))
        .isEqualTo("HTTP/1.1 200 OK\r\nSet-Cookie:**\r\n\r\nx");
  }

  @Test
  void followsAHeadIntoTheNextPacketOfItsConnection() {
    assertThat(text(keep.apply(tcp(1, "GET / HTTP/1.1\r\nAuthorization: Bea"))))
        .isEqualTo("GET / HTTP/1.1\r\nAuthorization:****");
    assertThat(text(keep.apply(tcp(2, "rer other")))).isEqualTo("rer other");
    assertThat(text(keep.apply(tcp(1, "rer abc\r\nCookie: x\r\n\r\nbody: y"))))
        .isEqualTo("*******\r\nCookie:**\r\n\r\nbody: y");
    assertThat(text(keep.apply(tcp(1, "more: body")))).isEqualTo("more: body");
  }

  @Test
  void masksALineWhoseNameIsCutInTwo() {
    keep.apply(tcp(1, "GET / HTTP/1.1\r\nAuthoriz"));
    assertThat(text(keep.apply(tcp(1, "ation: abc\r\nA: b\r\n\r\n"))))
        .isEqualTo("**********\r\nA: b\r\n\r\n");
  }

  @Test
  void findsTheHeadBehindABody() {
    var head = "GET /a HTTP/1.1\r\nAuthorization: ab\r\n\r\n";
    var masked = "GET /a HTTP/1.1\r\nAuthorization:***\r\n\r\n";
    var post = "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
    assertThat(text(keep.apply(tcp(1, post + "hello" + head)))).isEqualTo(post + "hello" + masked);
    assertThat(text(keep.apply(tcp(2, post + "hel")))).isEqualTo(post + "hel");
    assertThat(text(keep.apply(tcp(2, "lo" + head)))).isEqualTo("lo" + masked);
    assertThat(text(keep.apply(tcp(3, "5\r\nhello\r\n0\r\n\r\n" + head + "HTTP/1.1 OK"))))
        .isEqualTo("5\r\nhello\r\n0\r\n\r\n" + masked + "HTTP/1.1 OK");
    assertThat(text(cut.apply(tcp(4, post + "hello" + head)))).isEqualTo(post);
  }

  @Test
  void findsAHeadThatIsCutInItsFirstWord() {
    keep.apply(tcp(1, "a body, then GE"));
    assertThat(text(keep.apply(tcp(1, "T /?token=a HTTP/1.1\r\nCookie: b\r\n\r\n"))))
        .isEqualTo("T /?token=* HTTP/1.1\r\nCookie:**\r\n\r\n");
    keep.apply(tcp(2, "a body, then GET /?to"));
    assertThat(text(keep.apply(tcp(2, "ken=a HTTP/1.1\r\nCookie: b\r\n\r\n"))))
        .isEqualTo("**************\r\nCookie:**\r\n\r\n");
    keep.apply(tcp(3, "what one may GET"));
    assertThat(text(keep.apply(tcp(3, " for it\r\nCookie: b\r\n")))).contains("Cookie: b");
  }

  @Test
  void masksRequestsOfEveryMethod() {
    for (var method : new String[] {"PROPFIND", "QUERY", "get", "M-SEARCH"}) {
      assertThat(text(keep.apply(tcp(1, method + " /?key=a HTTP/1.1\r\nCookie: b\r\n\r\n"))))
          .isEqualTo(method + " /?key=* HTTP/1.1\r\nCookie:**\r\n\r\n");
    }
  }

  @Test
  void masksParametersInWhateverFieldAndForm() {
    var fields = "Referer: https://x/?a=b&token=c#d\r\nLocation: https://y/z?state=e&CODE=f\r\n";
    assertThat(text(keep.apply(tcp(1, "HTTP/1.1 302 Found\r\n" + fields + "\r\n"))))
        .isEqualTo(
            "HTTP/1.1 302 Found\r\nReferer: https://x/?a=b&token=*#d\r\n"
                + "Location: https://y/z?state=e&CODE=*\r\n\r\n");
    assertThat(text(keep.apply(tcp(1, "HTTP/1.1 302 F\r\nLocation: /#access_token=ab\r\n\r\n"))))
        .contains("Location: /#access_token=**\r\n");
    assertThat(text(keep.apply(tcp(1, "GET /?%61pi_key=1;to%6ben=2&k=3 HTTP/1.1\r\n\r\n"))))
        .isEqualTo("GET /?%61pi_key=*;to%6ben=*&k=3 HTTP/1.1\r\n\r\n");
    assertThat(text(keep.apply(tcp(1, "GET / HTTP/1.1\r\nCookie:\r\n a=b\r\nA: b\r\n\r\n"))))
        .isEqualTo("GET / HTTP/1.1\r\nCookie:\r\n****\r\nA: b\r\n\r\n");
  }

  @Test
  void blanksTheFieldsOfHttp2() {
    var preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    var settings = "\0\0\0\4\0\0\0\0\0";
    var fields = "\0\0\5\1\4\0\0\0\1hpack";
    var data = "\0\0\4\0\1\0\0\0\1body";
    assertThat(text(keep.apply(tcp(1, preface + settings + fields + data))))
        .isEqualTo(preface + settings + "\0\0\5\1\4\0\0\0\1*****" + data);
  }

  @Test
  void cutsDatagramsAndKeepsArp() {
    var udp = Frames.tcp("198.18.0.2", 1, 53, new byte[100]);
    udp[23] = 17;
    assertThat(cut.apply(udp)).hasSize(42);
    var arp = new byte[42];
    arp[12] = 8;
    arp[13] = 6;
    assertThat(cut.apply(arp)).hasSize(42);
    assertThat(cut.apply(new byte[5])).hasSize(5);
  }

  @Test
  void neverThrows() {
    var random = new Random(3);
    var words =
        new String[] {"GET / HTTP/1.1\r\n", "Cookie: a", "\r\n", ":", "?", "=", "&", "\0\0\1\1"};
    for (int i = 0; i < 20_000; i++) {
      var text = new StringBuilder();
      for (int j = random.nextInt(8); j > 0; j--) {
        text.append(words[random.nextInt(words.length)]);
      }
      var frame = tcp(random.nextInt(3), text.toString());
      if (random.nextBoolean()) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      frame = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
      int length = frame.length;
      assertThat(keep.apply(frame.clone())).hasSize(length);
      assertThat(cut.apply(frame).length).isLessThanOrEqualTo(length);
    }
  }
}
