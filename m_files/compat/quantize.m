% -*- texinfo -*-
% @deftypefn {} {[@var{wq}, @var{codes}, @var{scale}, @var{zero_point}] =} @
% quantize (@var{w}, @var{bits})
% Return weights or activations rounded to whole numbers of @var{bits} bits, on their own scale.
%
% The deep-learning article's name for @code{quantize_affine}, with @var{bits} by position:
% @code{@var{wq} = (@var{codes} - @var{zero_point}) * @var{scale}}.  It is @var{codes} that are
% smaller than @var{w}; @var{wq} has the class of @var{w} and its size in memory.
%
% @example
% @group
% [wq, codes] = quantize ([0, 2, -1], 2)
%    @result{} wq =  0   2  -1
%       codes =  1  3  0
% @end group
% @end example
% @seealso{quantize_affine, dequantize_affine, quantize_grid, quantize_model}
% @end deftypefn

function [wq, codes, scale, zero_point] = quantize(w, bits)
  if nargin ~= 2
    print_usage();
  end
  [wq, codes, scale, zero_point] = quantize_affine(w, 'bits', bits);
end

%!test
%! w = [-1.5, 0, 0.3; 2, 0.01, -0.7];
%! [wq, codes, scale, zero_point] = quantize(w, 8);
%! assert(class(codes), 'uint8');
%! assert(wq, (double(codes) - zero_point) * scale);
%! assert(max(abs(wq(:) - w(:))) <= scale / 2);
%! assert(wq(w == 0), 0);
%!assert(numel(unique(quantize(linspace(-1, 1, 1000), 3))), 8)
%!assert(class(quantize(single([1, 2]), 8)), 'single')
%!error <BITS must be a whole number in \[1, 32\], got 33> quantize(1, 33)
%!error <W must not contain NaN> quantize(NaN, 8)
%!error <Invalid call> quantize(1)
