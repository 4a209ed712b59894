% -*- texinfo -*-
% @deftypefn {} {@var{lengths} =} huffman_lengths (@var{frequencies})
% Return how many bits Huffman's code gives to each symbol, 0 to those that never occur.
%
% No prefix code makes @code{sum (@var{frequencies} .* @var{lengths})} smaller.  Of equal ones the
% symbols with the lower number are joined first, and symbols before joined ones.  Lengths are
% limited to 15, by halving the frequencies (rounded up) until they are; a single symbol gets one
% bit.  @var{lengths} is a row of uint8.
%
% @example
% @group
% huffman_lengths ([5, 0, 2, 1])
%    @result{} 1  0  2  2
% @end group
% @end example
% @seealso{huffman_encode}
% @end deftypefn

function lengths = huffman_lengths(frequencies)
  if nargin ~= 1
    print_usage();
  end
  op = 'huffman_lengths';
  frequencies = double(check_matrix(op, 'FREQUENCIES', frequencies));
  wrong = frequencies(frequencies ~= fix(frequencies) | frequencies < 0 | frequencies > 2^53);
  if ~isempty(wrong)
    value_error(op, 'FREQUENCIES', 'be whole numbers in [0, 2^53]', number_text(wrong(1)));
  end
  lengths = uint8(code_lengths(frequencies));
end

%!assert(huffman_lengths([5, 0, 2, 1]), uint8([1, 0, 2, 2]))
%!assert(huffman_lengths([0, 3]), uint8([0, 1]))
%!assert(huffman_lengths([45, 13, 12, 16, 9, 5]), uint8([1, 3, 3, 3, 4, 4]))
%!assert(max(huffman_lengths(2.^(0:40))), uint8(15))
%!error <FREQUENCIES must be whole numbers in \[0, 2\^53\], got 0.5> huffman_lengths([1, 0.5])
%!error <Invalid call> huffman_lengths()
