package io.github.convbasis.inference.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ByteTokenizerTest {
  private static String streamed(byte[] bytes) {
    TokenDecoder decoder = new ByteTokenizer().newDecoder();
    StringBuilder text = new StringBuilder();
    for (byte b : bytes) {
      text.append(decoder.add(b & 0xff));
    }
    return text.append(decoder.end()).toString();
  }

  @Test
  void charactersComeWithTheirLastByte() {
    TokenDecoder decoder = new ByteTokenizer().newDecoder();
    byte[] bytes = "ä🙂".getBytes(StandardCharsets.UTF_8);
    String[] expected = {"", "ä", "", "", "", "🙂"};
    for (int i = 0; i < bytes.length; i++) {
      assertEquals(expected[i], decoder.add(bytes[i] & 0xff));
    }
    assertEquals("", decoder.end());
    assertEquals("", decoder.add(0xe2));
    assertEquals("\uFFFD", decoder.end());
    assertEquals("x", decoder.add('x'));
    assertEquals("€", new ByteTokenizer().newDecoder('a', 0xe2, 0x82).add(0xac));
  }

  /** Java's own decoding of the whole is the oracle, of bytes of any kind. */
  @Test
  void anyBytesDecodeAsTheirWholeDoes() {
    SplittableRandom random = new SplittableRandom(11);
    byte[] lead = {(byte) 0xc3, (byte) 0xe2, (byte) 0xf0, (byte) 0xed, (byte) 0xff, 'a'};
    for (int round = 0; round < 2000; round++) {
      byte[] bytes = new byte[random.nextInt(12)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] =
            random.nextBoolean()
                ? lead[random.nextInt(lead.length)]
                : (byte) (0x80 + random.nextInt(64));
      }
      assertEquals(new String(bytes, StandardCharsets.UTF_8), streamed(bytes));
    }
  }

  @Test
  void bytesAreTokens() {
    byte[] any = {0, (byte) 0xff, 'a'};
    assertArrayEquals(new int[] {0, 255, 97}, new ByteTokenizer().encode(any));
    assertArrayEquals(new int[0], new ByteTokenizer().encode(new byte[0]));
  }
}
