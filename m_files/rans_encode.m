% -*- texinfo -*-
% @deftypefn {} {@var{packed} =} rans_encode (@var{symbols})
% Return symbols coded near their entropy, by asymmetric numeral systems in lanes.
%
% @var{symbols} are whole numbers in [0, 255].  Symbol j belongs to lane j mod N; all lanes
% advance in one vector step, so many lanes are fast.  Their number is the power of two that
% leaves 1024 symbols or more to each, at most 8192; a lane costs about 3 bytes.  Frequencies
% have 12 bits, one table for 2^24 symbols.  @var{packed} is a row of uint8.
%
% @example
% @group
% rans_encode (7 * ones (1, 1000))
%    @result{} 232  7  7  7
% @end group
% @end example
% @seealso{rans_decode, pack_model}
% @end deftypefn

function packed = rans_encode(symbols)
  if nargin ~= 1
    print_usage();
  end
  packed = rans_pack(check_symbols('rans_encode', symbols));
end

%!assert(rans_encode(7 * ones(1, 1000)), uint8([232, 7, 7, 7]))
%!assert(rans_encode([]), uint8(0))
%!test
%! % Within 1 % of the entropy, and back.
%! symbols = uint8(min(floor(-log(rand(1, 1e5)) * 8), 255));
%! counts = accumarray(double(symbols(:)) + 1, 1);
%! counts = counts(counts > 0);
%! entropy = -sum(counts .* log2(counts / 1e5)) / 8;
%! packed = rans_encode(symbols);
%! assert(numel(packed) < 1.01 * entropy + 400);
%! assert(rans_decode(packed), symbols);
%!error <SYMBOLS must be whole numbers in \[0, 255\], got 256> rans_encode([1, 256])
%!error <Invalid call> rans_encode()
