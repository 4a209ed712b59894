% -*- texinfo -*-
% @deftypefn {} {@var{packed} =} huffman_encode (@var{symbols})
% Return symbols in canonical Huffman code, with the lengths that decoding needs.
%
% @var{symbols} are whole numbers in [0, 255].  @var{packed} is a row of uint8: the number of
% symbols (seven bits a byte), the first and the last symbol that occur, the lengths from the one
% to the other (four bits each), the code words.  One symbol alone needs neither lengths nor
% words.
%
% @example
% @group
% huffman_encode ([1, 3, 1, 1, 2])
%    @result{} 5  1  3  33  2  100
% @end group
% @end example
% @seealso{huffman_decode, huffman_lengths, relative_index}
% @end deftypefn

function packed = huffman_encode(symbols)
  if nargin ~= 1
    print_usage();
  end
  packed = huffman_pack(check_symbols('huffman_encode', symbols));
end

%!assert(huffman_encode([1, 3, 1, 1, 2]), uint8([5, 1, 3, 33, 2, 100]))
%!assert(huffman_encode([7, 7]), uint8([2, 7, 7]))
%!assert(huffman_encode([]), uint8(0))
%!error <SYMBOLS must be whole numbers in \[0, 255\], got -1> huffman_encode(-1)
%!error <Invalid call> huffman_encode()
