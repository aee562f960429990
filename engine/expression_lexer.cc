#include "engine/expression_lexer.h"

#include <array>
#include <utility>

namespace kundig::engine {
namespace {

// Not those of <cctype>, which depend on the locale.
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsName(char c) {
  return IsNameStart(c) || IsDigit(c);
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct Keyword {
  std::string_view lower, upper;
  TokenKind kind;
};
constexpr std::array<Keyword, 7> kKeywords{{
    {"and", "AND", TokenKind::kAnd},
    {"or", "OR", TokenKind::kOr},
    {"not", "NOT", TokenKind::kNot},
    {"in", "IN", TokenKind::kIn},
    {"true", "TRUE", TokenKind::kTrue},
    {"false", "FALSE", TokenKind::kFalse},
    {"null", "NULL", TokenKind::kNull},
}};

struct Operator {
  std::string_view spelt;
  Relation relation;
};
// Longer ones first, because the first that fits is taken.
constexpr std::array<Operator, 6> kOperators{{
    {"!=", Relation::kNotEqual},
    {"<=", Relation::kLessOrEqual},
    {">=", Relation::kGreaterOrEqual},
    {"=", Relation::kEqual},
    {"<", Relation::kLess},
    {">", Relation::kGreater},
}};

}  // namespace

Error ExpressionError(ErrorCode code, size_t position, std::string message) {
  return Error{code, std::move(message), "", static_cast<int32_t>(position)};
}

char ExpressionLexer::Peek(size_t ahead) const {
  return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
}

Token ExpressionLexer::Take(TokenKind kind, size_t size) {
  Token token;
  token.kind = kind;
  token.position = position_;
  token.spelt = text_.substr(position_, size);
  position_ += size;
  return token;
}

Result<Token> ExpressionLexer::Next() {
  while (IsBlank(Peek(0))) ++position_;
  if (position_ == text_.size()) return Take(TokenKind::kEnd, 0);

  const char first = Peek(0);
  if (IsNameStart(first)) return NameOrKeyword();
  if (IsDigit(first) || ((first == '-' || first == '+') && IsDigit(Peek(1)))) {
    return NumberOrDate();
  }
  if (first == '\'' || first == '"') return QuotedText();
  if (first == '(') return Take(TokenKind::kOpen, 1);
  if (first == ')') return Take(TokenKind::kClose, 1);
  if (first == ',') return Take(TokenKind::kComma, 1);
  for (const Operator& candidate : kOperators) {
    if (!text_.substr(position_).starts_with(candidate.spelt)) continue;
    Token token = Take(TokenKind::kRelation, candidate.spelt.size());
    token.relation = candidate.relation;
    return token;
  }
  return ExpressionError(ErrorCode::kSyntax, position_,
                         "this character has no meaning here; expected a field name, an operator, "
                         "a value, a parenthesis or a comma");
}

Token ExpressionLexer::NameOrKeyword() {
  size_t size = 1;
  while (IsName(Peek(size))) ++size;
  const std::string_view word = text_.substr(position_, size);
  for (const Keyword& keyword : kKeywords) {
    if (word == keyword.lower || word == keyword.upper) return Take(keyword.kind, size);
  }
  return Take(TokenKind::kName, size);
}

Result<Token> ExpressionLexer::NumberOrDate() {
  constexpr std::string_view kForm = "dddd-dd-dd";
  size_t size = 0;
  while (size < kForm.size() && (kForm[size] == 'd' ? IsDigit(Peek(size)) : Peek(size) == '-')) {
    ++size;
  }
  TokenKind kind = TokenKind::kDate;
  if (size != kForm.size()) {
    kind = TokenKind::kNumber;
    size = 1;
    while (IsDigit(Peek(size))) ++size;
    if (Peek(size) == '.' && IsDigit(Peek(size + 1))) {
      ++size;
      while (IsDigit(Peek(size))) ++size;
    }
  }
  // "12abc", "1e5", "1.2.3" and "2010-1-9" are slips of the pen, never two words.
  const char next = Peek(size);
  if (IsName(next) || next == '.' || next == '-' || next == '+') {
    return ExpressionError(ErrorCode::kSyntax, position_,
                           "expected a number such as -12 or 62.5, or a date such as 2010-12-09");
  }
  return Take(kind, size);
}

Result<Token> ExpressionLexer::QuotedText() {
  const char quote = Peek(0);
  std::string text;
  for (size_t size = 1; position_ + size < text_.size(); ++size) {
    if (Peek(size) == quote) {
      if (Peek(size + 1) != quote) {
        Token token = Take(TokenKind::kText, size + 1);
        token.text = std::move(text);
        return token;
      }
      ++size;
    }
    text += Peek(size);
  }
  return ExpressionError(
      ErrorCode::kSyntax, position_,
      std::string("the text that begins here has no end; expected a closing ") + quote);
}

}  // namespace kundig::engine
