package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DocumentRoomTest {
  private static final long MB = 1L << 20;

  @Test
  void takesTheLargestPublicDocumentWithTheUsualHeap() {
    assertThat(DocumentRoom.refusal(14_134_894, 14_134_894, 256 * MB)).isNull();
  }

  @Test
  void takesManySmallOnesAndRefusesOneOfTheSameSize() {
    assertThat(DocumentRoom.refusal(40 * MB, MB, 256 * MB)).isNull();
    assertThat(DocumentRoom.refusal(40 * MB, 40 * MB, 256 * MB)).contains("the heap's 256");
  }

  @Test
  void namesAHeapThatIsEnough() {
    var refusal = DocumentRoom.refusal(66_031_119, 66_031_119, 256 * MB);

    assertThat(refusal).contains("66,031,119 bytes").contains("-Xmx896m");
    assertThat(DocumentRoom.refusal(66_031_119, 66_031_119, 896 * MB)).isNull();
  }
}
