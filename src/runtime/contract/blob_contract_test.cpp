// Contract of BlobStore (runtime/blob_store.hpp, docs/spec/vvm.md 6.6).
#include <boost/test/unit_test.hpp>

#include "base/rng.hpp"
#include "runtime/contract/fixture.hpp"

namespace vvm::contract {
namespace {

const std::string me = "blobs";
constexpr BlobId id{17};

struct BlobTest {
  std::unique_ptr<Fixture> fixture = new_fixture();

  BlobStore& blobs() { return fixture->process(me).blobs(); }

  template <class T>
  T await(Task<T> task) {
    return fixture->await<T>(me, std::move(task));
  }

  template <class T>
  std::optional<Code> failure(Task<Result<T>> task) {
    const Result<T> result = await(std::move(task));
    return result.has_error() ? std::optional(result.error().code) : std::nullopt;
  }

  bool begin(BlobId blob) { return await(blobs().begin(blob)).has_value(); }

  void append(BlobId blob, const Bytes& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += blob_chunk_bytes) {
      BOOST_TEST(await(blobs().append(blob, bytes.substr(at, blob_chunk_bytes))).has_value());
    }
  }

  BlobStat complete(BlobId blob) { return await(blobs().complete(blob)).value(); }

  BlobStat stat(BlobId blob) { return await(blobs().stat(blob)).value(); }

  Bytes read_all(BlobId blob) {
    Bytes all;
    for (;;) {
      const Bytes piece = await(blobs().read(blob, all.size())).value();
      BOOST_TEST_REQUIRE(piece.size() <= blob_chunk_bytes);
      if (piece.empty()) {
        return all;
      }
      all.append(piece);
    }
  }
};

Bytes some_octets(std::size_t size) {
  Rng rng(size);
  Bytes bytes(size, '\0');
  for (char& c : bytes) {
    c = static_cast<char>(rng.next());
  }
  return bytes;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(blob_contract, BlobTest)

BOOST_AUTO_TEST_CASE(a_completed_blob_is_read_back) {
  const Bytes octets = some_octets(3 * blob_chunk_bytes + 12'345);
  BOOST_TEST_REQUIRE(begin(id));
  append(id, octets);
  const BlobStat done = complete(id);
  BOOST_TEST((done.status == BlobStatus::completed));
  BOOST_TEST(done.size == octets.size());
  BOOST_TEST((done.sha256 == sha256(octets)));
  BOOST_TEST((stat(id).status == BlobStatus::completed));
  BOOST_TEST(stat(id).size == octets.size());
  BOOST_TEST((stat(id).sha256 == sha256(octets)));
  BOOST_TEST((read_all(id) == octets));
}

BOOST_AUTO_TEST_CASE(reading_begins_anywhere) {
  const Bytes octets = some_octets(blob_chunk_bytes + 1'000);
  BOOST_TEST_REQUIRE(begin(id));
  append(id, octets);
  complete(id);
  for (const std::uint64_t at : {std::uint64_t{1}, blob_chunk_bytes - 1, blob_chunk_bytes + 7}) {
    const Bytes piece = await(blobs().read(id, at)).value();
    BOOST_TEST_REQUIRE(!piece.empty());
    BOOST_TEST((piece == octets.substr(at, piece.size())));
  }
  BOOST_TEST(await(blobs().read(id, octets.size())).value().empty());
  BOOST_TEST(await(blobs().read(id, octets.size() + 5)).value().empty());
}

BOOST_AUTO_TEST_CASE(an_empty_blob_can_be_completed) {
  BOOST_TEST_REQUIRE(begin(id));
  BOOST_TEST((complete(id).sha256 == sha256("")));
  BOOST_TEST(stat(id).size == 0U);
  BOOST_TEST(read_all(id).empty());
}

BOOST_AUTO_TEST_CASE(a_blob_that_nobody_began_is_not_found) {
  BOOST_TEST((failure(blobs().stat(id)) == Code::blob_not_found));
  BOOST_TEST((failure(blobs().read(id, 0)) == Code::blob_not_found));
  BOOST_TEST((failure(blobs().append(id, "x")) == Code::blob_not_found));
  BOOST_TEST((failure(blobs().complete(id)) == Code::blob_not_found));
}

BOOST_AUTO_TEST_CASE(a_blob_is_in_process_until_it_is_completed) {
  BOOST_TEST_REQUIRE(begin(id));
  BOOST_TEST((stat(id).status == BlobStatus::in_process));
  append(id, "some");
  BOOST_TEST((stat(id).status == BlobStatus::in_process));
}

BOOST_AUTO_TEST_CASE(an_unfinished_blob_may_be_begun_again) {
  BOOST_TEST_REQUIRE(begin(id));
  append(id, "something that is thrown away");
  BOOST_TEST_REQUIRE(begin(id));
  append(id, "good");
  BOOST_TEST((complete(id).sha256 == sha256("good")));
  BOOST_TEST(read_all(id) == "good");
}

BOOST_AUTO_TEST_CASE(completing_again_changes_nothing) {
  BOOST_TEST_REQUIRE(begin(id));
  append(id, "octets");
  complete(id);
  const BlobStat again = complete(id);
  BOOST_TEST((again.status == BlobStatus::completed));
  BOOST_TEST((again.sha256 == sha256("octets")));
  BOOST_TEST(read_all(id) == "octets");
}

BOOST_AUTO_TEST_CASE(a_completed_blob_is_there_for_ever) {
  BOOST_TEST_REQUIRE(begin(id));
  append(id, "octets");
  complete(id);
  BOOST_TEST(!begin(id));
  BOOST_TEST(!await(blobs().append(id, "more")).has_value());
  BOOST_TEST(read_all(id) == "octets");
  BOOST_TEST((stat(id).sha256 == sha256("octets")));
}

BOOST_AUTO_TEST_CASE(blobs_do_not_mix) {
  constexpr BlobId other{18};
  BOOST_TEST_REQUIRE(begin(id));
  BOOST_TEST_REQUIRE(begin(other));
  append(id, "a");
  append(other, "b");
  append(id, "A");
  append(other, "B");
  complete(id);
  complete(other);
  BOOST_TEST(read_all(id) == "aA");
  BOOST_TEST(read_all(other) == "bB");
}

BOOST_AUTO_TEST_CASE(blobs_outlive_the_process_and_are_seen_by_others) {
  BOOST_TEST_REQUIRE(begin(id));
  append(id, "octets");
  complete(id);
  constexpr BlobId unfinished{18};
  BOOST_TEST_REQUIRE(begin(unfinished));
  append(unfinished, "half");
  fixture->kill(me);
  BOOST_TEST(read_all(id) == "octets");
  BOOST_TEST((stat(unfinished).status == BlobStatus::in_process));
  const Runtime other = fixture->process("other");
  const auto seen = fixture->await<Result<BlobStat>>("other", other.blobs().stat(id));
  BOOST_TEST((seen.value().sha256 == sha256("octets")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vvm::contract
