% -*- texinfo -*-
% @deftypefn  {} {[@var{values}, @var{index}] =} relative_index (@var{w})
% @deftypefnx {} {[@dots{}] =} relative_index (@dots{}, "index_bits", @var{index_bits})
% Return the nonzero weights and the zeros before each, as Deep Compression stores them.
%
% Weights are taken neuron by neuron, row after row.  @var{index} (uint8) counts the zeros since
% the entry before; where there are @code{2 ^ @var{index_bits}} or more, fillers stand in
% between: entries of value zero and the largest index.  @var{index_bits} lies in [1, 8]
% (default 5).  @code{cumsum (double (@var{index}) + 1)} are the entries' positions in
% @code{@var{w}.'}; zeros behind the last one are left out.  Both results are rows.
%
% @example
% @group
% [values, index] = relative_index ([0, 7, 0, 0; 0, 0, 0, 9], "index_bits", 2)
%    @result{} values =  7  0  9
%       index =  1  3  1
% @end group
% @end example
% @seealso{huffman_encode, count_huffman_model}
% @end deftypefn

function [values, index] = relative_index(w, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'relative_index';
  options = parse_options(op, struct('index_bits', 5), varargin);
  w = check_matrix(op, 'W', w);
  bits = check_integer(op, 'INDEX_BITS', options.index_bits, '[1, 8]');
  w = reshape(w.', 1, []);
  index = han_index(find(w ~= 0), bits);
  values = w(cumsum(index + 1));
  index = uint8(index);
end

%!test
%! [values, index] = relative_index([0, 7, 0, 0; 0, 0, 0, 9], 'index_bits', 2);
%! assert(values, [7, 0, 9]);
%! assert(index, uint8([1, 3, 1]));
%!test
%! w = single([0, 0, 3; zeros(40, 3); 1, 0, 0]);
%! [values, index] = relative_index(w);
%! back = zeros(3, 42, 'single');
%! back(cumsum(double(index) + 1)) = values;
%! assert(back.', w);
%!assert(relative_index(zeros(2, 3)), zeros(1, 0))
%!error <INDEX_BITS must be a whole number in \[1, 8\], got 9> relative_index(1, 'index_bits', 9)
%!error <Invalid call> relative_index()
