#include "crypto/certificate.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

namespace dmaas::crypto {
namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using X509Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, Release<BN_free>>;
using Store = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

// RFC 5280 allows 20 octets; the first bit stays 0 so that the number is positive.
constexpr int serial_bits = 159;
constexpr std::size_t max_common_name = 64;

std::unexpected<Error> openssl_failure(ErrorCode code, std::string_view what) {
  char text[256] = "unknown cause";
  if (auto error = ERR_get_error(); error != 0) ERR_error_string_n(error, text, sizeof text);
  ERR_clear_error();
  return fail(code, fmt::format("{}: {}", what, text));
}

Bio reader_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string take_text(BIO* bio) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<X509Certificate> parse_certificate(std::string_view pem) {
  auto bio = reader_of(pem);
  X509Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) return openssl_failure(ErrorCode::invalid_input, "reading a certificate");
  return certificate;
}

std::string format_certificate(X509& certificate) {
  Bio text(BIO_new(BIO_s_mem()));
  return PEM_write_bio_X509(text.get(), &certificate) == 1 ? take_text(text.get()) : "";
}

Result<Key> parse_private_key(std::string_view pem) {
  auto bio = reader_of(pem);
  // The empty password keeps OpenSSL from asking at the terminal for that of an encrypted key.
  char no_password[] = "";
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, no_password));
  if (!key) return openssl_failure(ErrorCode::invalid_input, "reading a private key");
  return key;
}

Result<> add_extension(X509& certificate, X509& issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(&certificate, extension.get(), -1) != 1) {
    return openssl_failure(ErrorCode::internal, "certificate extension");
  }
  return {};
}

Result<X509Certificate> begin_certificate(EVP_PKEY& key, const std::string& common_name) {
  X509Certificate certificate(X509_new());
  BigNumber serial(BN_new());
  bool made =
      certificate && serial && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
      BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
      BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get())) != nullptr &&
      X509_set_pubkey(certificate.get(), &key) == 1;
  auto name = common_name.substr(0, max_common_name);
  made = made && X509_NAME_add_entry_by_txt(
                     X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                     reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0) == 1;
  if (!made) return openssl_failure(ErrorCode::internal, "making a certificate");
  return certificate;
}

std::time_t seconds_of(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

Result<CertifiedKey> sign(X509& certificate, EVP_PKEY& key, EVP_PKEY& signer) {
  if (X509_sign(&certificate, &signer, EVP_sha256()) == 0) {
    return openssl_failure(ErrorCode::internal, "signing a certificate");
  }
  auto certificate_text = format_certificate(certificate);
  Bio key_text(BIO_new(BIO_s_mem()));
  bool written =
      !certificate_text.empty() &&
      PEM_write_bio_PrivateKey(key_text.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  if (!written) return openssl_failure(ErrorCode::internal, "writing a certificate");
  return CertifiedKey{std::move(certificate_text), take_text(key_text.get())};
}

Result<X509Certificate> parse_certified_key(const CertifiedKey& pair) {
  auto certificate = TRY(parse_certificate(pair.certificate));
  auto key = TRY(parse_private_key(pair.private_key));
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return openssl_failure(ErrorCode::invalid_input, "the key does not belong to the certificate");
  return certificate;
}

/// As a client does that trusts only `authorities`.
Result<> verify(X509& certificate, const std::vector<std::string>& authorities, Timestamp when) {
  Store store(X509_STORE_new());
  StoreContext context(X509_STORE_CTX_new());
  if (!store || !context) return openssl_failure(ErrorCode::internal, "checking a certificate");
  for (const auto& authority : authorities)
    X509_STORE_add_cert(store.get(), TRY(parse_certificate(authority)).get());
  if (X509_STORE_CTX_init(context.get(), store.get(), &certificate, nullptr) != 1)
    return openssl_failure(ErrorCode::internal, "checking a certificate");
  X509_STORE_CTX_set_time(context.get(), 0, seconds_of(when));
  if (X509_verify_cert(context.get()) == 1) return {};
  ERR_clear_error();
  auto cause = X509_STORE_CTX_get_error(context.get());
  return fail(ErrorCode::invalid_input, X509_verify_cert_error_string(cause));
}

bool is_dns_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '*';
  });
}

bool is_ip_address(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

/// In OpenSSL's notation, so every name is checked: a comma in one would smuggle in another.
Result<std::string> alternative_names(const ServerNames& names) {
  std::string text;
  for (const auto& name : names.dns_names) {
    if (!is_dns_name(name))
      return fail(ErrorCode::invalid_input, fmt::format("'{}' is not a DNS name", name));
    text += (text.empty() ? "DNS:" : ",DNS:") + name;
  }
  for (const auto& address : names.ip_addresses) {
    if (!is_ip_address(address))
      return fail(ErrorCode::invalid_input, fmt::format("'{}' is not an IP address", address));
    text += (text.empty() ? "IP:" : ",IP:") + address;
  }
  if (text.empty())
    return fail(ErrorCode::invalid_input,
                "a server certificate needs at least one name or address");
  return text;
}

}  // namespace

Result<CertifiedKey> make_authority(const std::string& common_name, std::chrono::hours validity,
                                    const Clock& clock) {
  Key key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure(ErrorCode::internal, "making a key");
  auto certificate = TRY(begin_certificate(*key, common_name));
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                seconds_of(clock.now() - certificate_backdate));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds_of(clock.now() + validity));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  TRY(add_extension(*certificate, *certificate, NID_basic_constraints,
                    "critical,CA:TRUE,pathlen:0"));
  TRY(add_extension(*certificate, *certificate, NID_key_usage, "critical,keyCertSign,cRLSign"));
  TRY(add_extension(*certificate, *certificate, NID_subject_key_identifier, "hash"));
  return sign(*certificate, *key, *key);
}

Result<CertifiedKey> make_server_certificate(const CertifiedKey& authority,
                                             const ServerNames& names, std::chrono::hours validity,
                                             const Clock& clock) {
  auto issuer = TRY(parse_certified_key(authority).context("the authority"));
  auto issuer_key = TRY(parse_private_key(authority.private_key));
  auto alternatives = TRY(alternative_names(names));
  auto expiry = std::min<Timestamp>(clock.now() + validity, TRY(expiry_of(authority.certificate)));
  Key key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure(ErrorCode::internal, "making a key");
  auto certificate = TRY(begin_certificate(
      *key, names.dns_names.empty() ? names.ip_addresses[0] : names.dns_names[0]));
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                seconds_of(clock.now() - certificate_backdate));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds_of(expiry));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  TRY(add_extension(*certificate, *issuer, NID_basic_constraints, "critical,CA:FALSE"));
  TRY(add_extension(*certificate, *issuer, NID_key_usage, "critical,digitalSignature"));
  TRY(add_extension(*certificate, *issuer, NID_ext_key_usage, "serverAuth"));
  TRY(add_extension(*certificate, *issuer, NID_subject_key_identifier, "hash"));
  TRY(add_extension(*certificate, *issuer, NID_authority_key_identifier, "keyid:always"));
  TRY(add_extension(*certificate, *issuer, NID_subject_alt_name, alternatives));
  return sign(*certificate, *key, *issuer_key);
}

Result<Timestamp> expiry_of(std::string_view certificate) {
  auto parsed = TRY(parse_certificate(certificate));
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(parsed.get()), &time) != 1) {
    return openssl_failure(ErrorCode::invalid_input, "reading the end of a certificate");
  }
  return Timestamp(std::chrono::seconds(::timegm(&time)));
}

Result<std::vector<std::string>> split_certificates(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  std::vector<std::string> certificates;
  for (auto at = pem.find(begin); at != pem.npos; at = pem.find(begin, at + 1)) {
    certificates.push_back(format_certificate(*TRY(parse_certificate(pem.substr(at)))));
  }
  if (certificates.empty()) return fail(ErrorCode::invalid_input, "there is no certificate");
  return certificates;
}

Result<> check_authority(const CertifiedKey& authority, Timestamp when) {
  auto certificate = TRY(parse_certified_key(authority));
  if (X509_check_ca(certificate.get()) != 1)
    return fail(ErrorCode::invalid_input, "the certificate is not that of an authority");
  return verify(*certificate, {authority.certificate}, when);
}

Result<> check_server_certificate(const CertifiedKey& server, std::string_view authorities,
                                  const ServerNames& names, Timestamp when) {
  auto certificate = TRY(parse_certified_key(server));
  for (const auto& name : names.dns_names) {
    if (X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) != 1)
      return fail(ErrorCode::invalid_input, fmt::format("the certificate is not for {}", name));
  }
  for (const auto& address : names.ip_addresses) {
    if (X509_check_ip_asc(certificate.get(), address.c_str(), 0) != 1)
      return fail(ErrorCode::invalid_input, fmt::format("the certificate is not for {}", address));
  }
  return verify(*certificate, TRY(split_certificates(authorities)), when);
}

}  // namespace dmaas::crypto
