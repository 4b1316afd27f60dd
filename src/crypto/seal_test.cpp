#include "crypto/seal.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/random.hpp"

namespace dmaas::crypto {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> array_of(const char* hex) {
  const Bytes bytes = *hex_decode(hex);
  std::array<std::uint8_t, Size> array;
  std::ranges::copy(bytes, array.begin());
  return array;
}

SealKey restic_test_key() {
  return {array_of<32>("303e8687b1d7db18421bdc6bb8588ccadac4d59ee87b8ff70c44e635790cafef"),
          array_of<16>("ef4d8824cb80b2bcc5fbff8a9b12a42c"),
          array_of<16>("cc8d4b948ee0ebfe1d415de921d10353")};
}

TEST(SealTest, OpensWhatResticSealed) {
  const Bytes sealed = *hex_decode(
      "69fb41c62d12def4593bd71757138606338f621aeaeb39da0fe4f99233f8037a54ea63338a813bcf3f75d8c3cc75"
      "dddf8750");
  auto plain = Sealer(restic_test_key()).open(sealed);
  ASSERT_TRUE(plain);
  EXPECT_EQ(text_of(*plain), "Dies ist ein Test!");
}

// D. J. Bernstein, "The Poly1305-AES message-authentication code", appendix B. A message opens only
// under its MAC.
TEST(SealTest, AuthenticatesByPoly1305Aes) {
  struct Vector {
    const char *message, *r, *k, *nonce, *mac;
  };
  const Vector vectors[] = {
      {"f3f6", "851fc40c3467ac0be05cc20404f3f700", "ec074c835580741701425b623235add6",
       "fb447350c4e868c52ac3275cf9d4327e", "f4c633c3044fc145f84f335cb81953de"},
      {"", "a0f3080000f46400d0c7e9076c834403", "75deaa25c09f208e1dc4ce6b5cad3fbf",
       "61ee09218d29b0aaed7e154a2c5509cc", "dd3fab2251f11ac759f0887129cc2ee7"},
      {"663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136",
       "48443d0bb0d21109c89a100b5ce2c208", "6acb5f61a7176dd320c5c1eb2edcdc74",
       "ae212a55399729595dea458bc621ff0e", "0ee1c16bb73f0f4fd19881753c01cdbe"},
      {"ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa313"
       "4"
       "cb67fa83e158c994d961c4cb21095c1bf9",
       "12976a08c4426d0ce8a82407c4f48207", "e1a5668a4d5b66a5f68cc5424ed5982d",
       "9ae831e743978d3a23527c7128149e3a", "5154ad0d2cb26e01274fc51148491f1b"},
  };
  for (const Vector& vector : vectors) {
    SealKey key = restic_test_key();
    key.mac_k = array_of<16>(vector.k);
    key.mac_r = array_of<16>(vector.r);
    const std::string sealed = std::string(vector.nonce) + vector.message + vector.mac;
    EXPECT_TRUE(Sealer(key).open(*hex_decode(sealed))) << vector.message;
  }
}

TEST(SealTest, OpensWhatItSealedOfAnySize) {
  Sealer sealer{SealKey::random()};
  for (std::size_t size : {0, 1, 15, 16, 17, 1000, 100'000}) {
    const Bytes plain = random_bytes(size);
    const Bytes sealed = sealer.seal(plain);
    EXPECT_EQ(sealed.size(), size + seal_overhead_bytes);
    EXPECT_EQ(*sealer.open(sealed), plain);
  }
}

TEST(SealTest, SealsUnderAnotherNonceEachTime) {
  Sealer sealer{SealKey::random()};
  EXPECT_NE(sealer.seal(bytes_of("same")), sealer.seal(bytes_of("same")));
}

TEST(SealTest, RefusesEveryChangedByte) {
  Sealer sealer{SealKey::random()};
  const Bytes sealed = sealer.seal(bytes_of("some text"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_TRUE(sealer.open(changed).failed_with(ErrorCode::corrupt)) << i;
  }
}

TEST(SealTest, RefusesEveryShorterLength) {
  Sealer sealer{SealKey::random()};
  const Bytes sealed = sealer.seal(bytes_of("some text"));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_TRUE(sealer.open(BytesView{sealed}.first(size)).failed_with(ErrorCode::corrupt));
  }
}

TEST(SealTest, KeyWithAPartOfZerosIsInvalid) {
  EXPECT_TRUE(SealKey::random().is_valid());
  SealKey key = SealKey::random();
  key.mac_r.fill(0);
  EXPECT_FALSE(key.is_valid());
}

}  // namespace
}  // namespace dmaas::crypto
