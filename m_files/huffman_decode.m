% -*- texinfo -*-
% @deftypefn {} {@var{symbols} =} huffman_decode (@var{packed})
% Return the symbols that @code{huffman_encode} coded in @var{packed}, a vector of uint8.
%
% The symbols are a row of uint8.  Damaged bytes raise an error with the identifier
% @code{octave_compress:file}.
%
% @example
% @group
% huffman_decode (uint8 ([5, 1, 3, 33, 2, 100]))
%    @result{} 1  3  1  1  2
% @end group
% @end example
% @seealso{huffman_encode}
% @end deftypefn

function symbols = huffman_decode(packed)
  if nargin ~= 1
    print_usage();
  end
  op = 'huffman_decode';
  symbols = huffman_unpack(op, check_bytes(op, 'PACKED', packed), []);
end

%!assert(huffman_decode(uint8([5, 1, 3, 33, 2, 100])), uint8([1, 3, 1, 1, 2]))
%!assert(huffman_decode(huffman_encode(0:255)), uint8(0:255))
%!error <PACKED is damaged> huffman_decode(uint8([5, 1, 3, 33, 2, 101]))
%!error <PACKED is damaged> huffman_decode(uint8([5, 1, 3, 33, 1, 100]))
%!error <Invalid call> huffman_decode()
