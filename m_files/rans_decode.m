% -*- texinfo -*-
% @deftypefn {} {@var{symbols} =} rans_decode (@var{packed})
% Return the symbols that @code{rans_encode} coded in @var{packed}, a vector of uint8.
%
% The symbols are a row of uint8.  Damaged bytes raise an error with the identifier
% @code{octave_compress:file}.
%
% @example
% @group
% rans_decode (uint8 ([3, 7, 7]))
%    @result{} 7  7  7
% @end group
% @end example
% @seealso{rans_encode, unpack_model}
% @end deftypefn

function symbols = rans_decode(packed)
  if nargin ~= 1
    print_usage();
  end
  op = 'rans_decode';
  symbols = rans_unpack(op, check_bytes(op, 'PACKED', packed), []);
end

%!assert(rans_decode(uint8([3, 7, 7])), uint8([7, 7, 7]))
%!assert(rans_decode(uint8(0)), zeros(1, 0, 'uint8'))
%!assert(rans_decode(rans_encode([1, 2, 3, 2])), uint8([1, 2, 3, 2]))
%!error <PACKED is damaged> rans_decode(uint8([3, 7, 6]))
%!error <PACKED is damaged> rans_decode(uint8([3, 7]))
%!error <PACKED must be a vector of uint8> rans_decode([1, 2])
%!error <Invalid call> rans_decode()
