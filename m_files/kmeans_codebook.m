% -*- texinfo -*-
% @deftypefn  {} {@var{codebook} =} kmeans_codebook (@var{w}, @var{k})
% @deftypefnx {} {@var{codebook} =} kmeans_codebook (@dots{}, "init", @var{init})
% @deftypefnx {} {@var{codebook} =} kmeans_codebook (@dots{}, "seed", @var{seed})
% Return levels for weights to share, the centres that k-means finds, as an ascending row.
%
% There are at most @var{k} levels, in [1, 65536], for the weights that are not zero.  Where some
% are zero, 0 is a level of its own beside them: a sparse matrix stays as sparse as it is.  The
% levels are those of Lloyd's iteration, until no weight changes its cluster or 3000 times, from
% @var{init}:
%
% @table @asis
% @item @qcode{"linear"} (default)
% Equal steps from the smallest weight to the largest, which Han et al. 2015 found best: few
% weights are large, and they matter.
% @item @qcode{"density"}
% The weights in the middle of @var{k} equal shares of them all.
% @item @qcode{"random"}
% Weights drawn with @code{randperm} from the sorted ones, after @var{seed} (0).
% @end table
%
% A level that no weight is nearest to goes where weights are many and far apart: the cluster with
% the largest count times squared range is split, halfway between its mean and its ends.  There
% are fewer levels than @var{k} only if there are fewer different weights, and then each is one.
% The result has the class of @var{w}.  NaN and Inf are refused.
%
% @example
% @group
% kmeans_codebook ([1, 2, 0; 9, 0, 11], 2)
%    @result{} 0   1.5000   10.0000
% @end group
% @end example
% @seealso{quantize_codebook, share_model}
% @end deftypefn

function codebook = kmeans_codebook(w, k, varargin)
  if nargin < 2
    print_usage();
  end
  op = 'kmeans_codebook';
  options = parse_options(op, struct('init', 'linear', 'seed', 0), varargin);
  w = check_matrix(op, 'W', w);
  k = check_integer(op, 'K', k, '[1, 65536]');
  check_choice(op, 'INIT', options.init, {'linear', 'density', 'random'});
  seed = check_integer(op, 'SEED', options.seed, '[0, 4294967295]');
  restore = seed_random(seed); %#ok
  codebook = shared_levels(w, k, options.init);
end

%!assert(kmeans_codebook([1, 2, 0; 9, 0, 11], 2), [0, 1.5, 10])
%!assert(kmeans_codebook([1, 2; 9, 11], 2), [1.5, 10])
%!assert(kmeans_codebook([3, 1, 1, -2], 9, 'init', 'density'), [-2, 1, 3])
%!assert(kmeans_codebook([-5, 0.1, 0.2, 0.3, 0.4, 0.7, 0.9, 9], 8), ...
%!       [-5, 0.1, 0.2, 0.3, 0.4, 0.7, 0.9, 9])
%!assert(kmeans_codebook(single([0.1, 0.1]), 4, 'init', 'random'), single(0.1))
%!assert(kmeans_codebook(zeros(2, 2), 3), 0)
%!assert(kmeans_codebook(zeros(0, 3), 3), 0)
%!assert(kmeans_codebook([-1, 1, 0], 1), [0, 0])
%!test
%! w = [1:20, 100];
%! assert(kmeans_codebook(w, 2), [10.5, 100]);
%! before = rand('twister');
%! assert(kmeans_codebook(w, 3, 'init', 'random', 'seed', 7), ...
%!        kmeans_codebook(w, 3, 'init', 'random', 'seed', 7));
%! assert(rand('twister'), before);
%!error <K must be a whole number in \[1, 65536\], got 0> kmeans_codebook(1, 0)
%!error <W must not contain NaN> kmeans_codebook(NaN, 2)
%!error <INIT must be "linear", "density" or "random", got "k"> kmeans_codebook(1, 2, 'init', 'k')
%!error <Invalid call> kmeans_codebook(1)
