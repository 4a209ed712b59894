% -*- texinfo -*-
% @deftypefn {} {[@var{w}, @var{codes}] =} quantize_codebook (@var{w}, @var{codebook})
% Return the weights at the levels of a codebook that are nearest to them, and their codes.
%
% @var{codebook} is a row of ascending levels.  @var{codes} count them from 0, in the smallest
% unsigned class, and the first output is @code{@var{codebook}(double (@var{codes}) + 1)}, in the
% class and size of @var{w}.  Halfway between two levels the lower one is taken.  If some weights
% are zero and 0 is a level, the first such level is theirs alone (unless it is the only one):
% no other weight becomes zero.
%
% @example
% @group
% [w, codes] = quantize_codebook ([0.1, 0, 3], [0, 1, 2])
%    @result{} w =  1   0   2
%       codes =  1  0  2
% @end group
% @end example
% @seealso{kmeans_codebook, share_model}
% @end deftypefn

function [w, codes] = quantize_codebook(w, codebook)
  if nargin ~= 2
    print_usage();
  end
  op = 'quantize_codebook';
  w = check_matrix(op, 'W', w);
  codebook = limited(check_levels(op, 'CODEBOOK', codebook), class(w));
  codes = level_codes(w, codebook);
  w = reshape(codebook(double(codes) + 1), size(w));
end

%!test
%! [w, codes] = quantize_codebook([0.1, 0, 3], [0, 1, 2]);
%! assert(w, [1, 0, 2]);
%! assert(codes, uint8([1, 0, 2]));
%!test
%! [w, codes] = quantize_codebook(single([0.1; 1.5; 3]), [0, 1, 2]);
%! assert(w, single([0; 1; 2]));
%! assert(codes, uint8([0; 1; 2]));
%!test
%! [w, codes] = quantize_codebook([0, -1, 5, 1], [0, 0, 5]);
%! assert(codes, uint8([0, 1, 2, 1]));
%!assert(quantize_codebook([0, 7; -7, 1], 0), zeros(2, 2))
%!assert(class(nthargout(2, @quantize_codebook, 1, 0:256)), 'uint16')
%!assert(quantize_codebook(zeros(0, 3), [1, 2]), zeros(0, 3))
%!error <CODEBOOK must be in ascending order> quantize_codebook(1, [2, 1])
%!error <CODEBOOK must be one row of levels, got 1x0> quantize_codebook(1, zeros(1, 0))
%!error <W must not contain Inf> quantize_codebook(Inf, 1)
%!error <Invalid call> quantize_codebook(1)
